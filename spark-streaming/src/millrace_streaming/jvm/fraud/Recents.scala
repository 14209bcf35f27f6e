package io.millrace.streaming.fraud

import java.util.ArrayDeque

import scala.collection.mutable
import scala.collection.mutable.ArrayBuffer

/** The order as it was scored. `revision`: 0 until this process has told a score. */
private[fraud] final class Recent(val ref: Int, val order: Array[Any], var revision: Long) {
  /** It waits to be computed again. */
  var affected = false
}

/**
 * The orders that a late event may still change, at most `Most`. What it changes is computed again at once; but where it counts for what nearly
 * all orders share, all later ones are, and that waits for `settle`: a thousand such events cost as much as one.
 */
private[fraud] final class Recents(facts: Facts, compute: (Int, Array[Any]) => Computed) {
  private val inOrder = new ArrayDeque[Recent]
  private val byRef = new mutable.LongMap[Recent]
  private val affected = new ArrayBuffer[Recent]
  /** Event times from which all are yet to be computed again: for the sake of news, and of what may have been told before a restart. */
  private var behind, behindUntold = Long.MaxValue
  /** When that was last done, and how long it took (nanoTime). */
  private var settledAt = System.nanoTime
  private var settledIn = 0L
  var revisions = 0L

  def holds(ref: Int): Boolean = byRef.contains(ref)

  /** The order, held from now on if it was not; those before `horizon` are let go. */
  def of(ref: Int, order: Array[Any], horizon: Long, emit: Computed => Unit): Recent = byRef.getOrElse(ref, {
    val recent = new Recent(ref, order, 0)
    inOrder.addLast(recent)
    byRef(ref) = recent
    while (inOrder.size > Recents.Most || ((inOrder.peekFirst ne recent) && isOlder(inOrder.peekFirst, horizon))) {
      val gone = inOrder.pollFirst()
      if (isUnsettled && isDue(gone)) tell(gone, emit)
      byRef -= gone.ref
    }
    recent
  })

  private def isOlder(recent: Recent, horizon: Long): Boolean = !facts.holds(recent.ref) || facts.time(recent.ref) < horizon

  /** Notes that an event changes the order, for `again`. */
  def affect(ref: Int): Unit = byRef.get(ref).foreach(recent => if (!recent.affected) { recent.affected = true; affected += recent })

  /** Computes again what was affected; `onlyUntold`: of that, the orders that this process has told no score of. `emit`: null forgets it. */
  def again(emit: Computed => Unit, onlyUntold: Boolean): Unit = if (affected.nonEmpty) {
    affected.foreach { recent =>
      recent.affected = false
      if (emit != null && (recent.revision == 0 || !onlyUntold)) tell(recent, emit)
    }
    affected.clear()
  }

  /** Notes that an event changes all orders from that time on, for `settle`. */
  def due(from: Long, onlyUntold: Boolean): Unit = if (onlyUntold) behindUntold = math.min(behindUntold, from) else behind = math.min(behind, from)

  /** Settles now and then: a tenth of the time at most, however many events come late. */
  def settleInTime(emit: Computed => Unit): Unit =
    if (isUnsettled && System.nanoTime - settledAt > math.max(Recents.SettleNs, 10 * settledIn)) settle(emit)

  def settle(emit: Computed => Unit): Unit = if (isUnsettled) {
    val began = System.nanoTime
    inOrder.forEach(recent => if (isDue(recent)) tell(recent, emit))
    behind = Long.MaxValue
    behindUntold = Long.MaxValue
    settledAt = System.nanoTime
    settledIn = settledAt - began
  }

  private def isUnsettled: Boolean = behind != Long.MaxValue || behindUntold != Long.MaxValue

  private def isDue(recent: Recent): Boolean = facts.holds(recent.ref) && {
    val time = facts.time(recent.ref)
    time >= behind || (recent.revision == 0 && time >= behindUntold)
  }

  private def tell(recent: Recent, emit: Computed => Unit): Unit = {
    val computed = compute(recent.ref, recent.order)
    if (computed.revision > recent.revision) {
      recent.revision = computed.revision
      revisions += 1
      emit(computed)
    }
  }
}

private[fraud] object Recents {
  final val Most = 50000
  private final val SettleNs = 1000L * 1000 * 1000
}
