package io.millrace.streaming.fraud

import java.util.Arrays

/** What an event of an order was. */
private[fraud] object FactType {
  final val Placed: Byte = 0
  final val Declined: Byte = 1
  final val Refund: Byte = 2
}

/** 65,536 facts as columns. */
private[fraud] final class Chunk(kinds: Int) {
  val time, amount, order, event, offset = new Array[Long](Facts.ChunkSize)
  val partition, factType = new Array[Byte](Facts.ChunkSize)
  /** Event time of the first label that says fraud, and where it stands in the log; `Facts.Never` without one. */
  val fraudAt = { val a = new Array[Long](Facts.ChunkSize); Arrays.fill(a, Facts.Never); a }
  val labelOffset = new Array[Long](Facts.ChunkSize)
  val labelPartition = new Array[Byte](Facts.ChunkSize)
  /** By kind of entity; null where the event does not say. */
  val entities: Array[Array[Entity]] = Array.fill(kinds)(new Array[Entity](Facts.ChunkSize))
  /** Further entities of the kind that may have several; null for most. */
  val more = new Array[Array[Entity]](Facts.ChunkSize)
}

/** Orders, refusals and refunds in the order of arrival. A ref is a fact's number since the beginning; the oldest chunks are dropped whole. */
private[fraud] final class Facts(kinds: Int) {
  /** The first `held` are there. An array, since every feature of every order goes through it. */
  private var chunks = new Array[Chunk](8)
  private var held = 0
  /** First ref that is still held. */
  var first = 0
  /** Ref of the next fact. */
  var next = 0
  private var stamped = 0L

  def chunk(ref: Int): Chunk = chunks((ref - first) >> Facts.ChunkBits)
  def slot(ref: Int): Int = ref & (Facts.ChunkSize - 1)
  def holds(ref: Int): Boolean = ref >= first
  def size: Int = next - first
  /** A number to mark entities with that bear no such mark yet. */
  def stamp(): Long = { stamped += 1; stamped }

  def add(): Int = {
    if (slot(next) == 0) {
      if (held == chunks.length) chunks = Arrays.copyOf(chunks, held * 2)
      chunks(held) = new Chunk(kinds)
      held += 1
    }
    next += 1
    next - 1
  }

  def time(ref: Int): Long = chunk(ref).time(slot(ref))
  def amount(ref: Int): Long = chunk(ref).amount(slot(ref))
  def fraudAt(ref: Int): Long = chunk(ref).fraudAt(slot(ref))
  def entity(ref: Int, kind: Int): Entity = chunk(ref).entities(kind)(slot(ref))

  /** Before, at (0) or after: event time, then partition, then offset, so that every order has one place whatever came when. */
  def compare(a: Int, b: Int): Int = {
    val ca = chunk(a)
    val cb = chunk(b)
    val i = slot(a)
    val j = slot(b)
    if (ca.time(i) != cb.time(j)) java.lang.Long.compare(ca.time(i), cb.time(j))
    else if (ca.partition(i) != cb.partition(j)) java.lang.Byte.compare(ca.partition(i), cb.partition(j))
    else java.lang.Long.compare(ca.offset(i), cb.offset(j))
  }

  /** The oldest chunk, while another one is there: so it is full. */
  def eldest: Option[Chunk] = if (held > 1) Some(chunks(0)) else None

  def dropOldest(): Unit = {
    System.arraycopy(chunks, 1, chunks, 0, held - 1)
    held -= 1
    chunks(held) = null
    first += Facts.ChunkSize
  }
}

private[fraud] object Facts {
  final val ChunkBits = 16
  final val ChunkSize: Int = 1 << ChunkBits
  final val Never: Long = Long.MaxValue
}

/** Facts of one entity in the order of their event times, with running sums of their amounts. */
private[fraud] final class Series(facts: Facts) {
  private var refs = new Array[Int](2)
  private var times, sums = new Array[Long](2)
  private var from = 0
  private var to = 0
  /** Sum of the amounts that were dropped. */
  private var dropped = 0L

  def start: Int = from
  def end: Int = to
  def apply(i: Int): Int = refs(i)
  def time(i: Int): Long = times(i)
  def amount(i: Int): Long = sums(i) - before(i)
  def isEmpty: Boolean = from == to

  /** Place of the first fact after `time`. */
  def after(time: Long): Int = firstAfter(from, to, time)

  /** The same, which is not after `hint`: found from there back, for windows that begin one before the other. */
  def after(time: Long, hint: Int): Int = {
    if (hint == from || times(hint - 1) <= time) return hint
    var hi = hint - 1
    var step = 1
    while (hi - step >= from && times(hi - step) > time) { hi -= step; step <<= 1 }
    firstAfter(math.max(from, hi - step), hi, time)
  }

  /** Place of the first fact after `time` among those from `least` up to but without `most`; `most` where there is none. */
  private def firstAfter(least: Int, most: Int, time: Long): Int = {
    var lo = least
    var hi = most
    while (lo < hi) {
      val mid = (lo + hi) >>> 1
      if (times(mid) <= time) lo = mid + 1 else hi = mid
    }
    lo
  }

  /** Place of the first fact that is not before `ref`. */
  def placeOf(ref: Int): Int = {
    // Events come nearly in order: the place is mostly the end.
    if (from == to) return to
    if (refs(to - 1) == ref) return to - 1
    if (facts.compare(refs(to - 1), ref) < 0) return to
    var lo = from
    var hi = to
    while (lo < hi) {
      val mid = (lo + hi) >>> 1
      if (facts.compare(refs(mid), ref) < 0) lo = mid + 1 else hi = mid
    }
    lo
  }

  /** Takes a fact and returns its place. Taking it again changes nothing. */
  def insert(ref: Int): Int = {
    val at = placeOf(ref)
    if (at < to && refs(at) == ref) return at
    if (to == refs.length) {
      val room = if (from > refs.length / 2) refs.length else refs.length * 2
      val (r, t, s) = (new Array[Int](room), new Array[Long](room), new Array[Long](room))
      System.arraycopy(refs, from, r, 0, to - from)
      System.arraycopy(times, from, t, 0, to - from)
      System.arraycopy(sums, from, s, 0, to - from)
      val moved = from
      refs = r; times = t; sums = s; to -= moved; from = 0
      return insertAt(at - moved, ref)
    }
    insertAt(at, ref)
  }

  private def insertAt(at: Int, ref: Int): Int = {
    System.arraycopy(refs, at, refs, at + 1, to - at)
    System.arraycopy(times, at, times, at + 1, to - at)
    refs(at) = ref
    times(at) = facts.time(ref)
    to += 1
    var i = at
    while (i < to) { sums(i) = before(i) + facts.amount(refs(i)); i += 1 }
    at
  }

  private def before(i: Int): Long = if (i > from) sums(i - 1) else dropped

  /** Sum of the amounts from place `a` up to but without `b`. */
  def sum(a: Int, b: Int): Long = if (b <= a) 0 else before(b) - before(a)

  /** Forgets the facts that are no longer held. */
  def trim(): Unit = {
    var i = from
    while (i < to && !facts.holds(refs(i))) { dropped = sums(i); i += 1 }
    from = i
  }
}

/** What is known of one customer, card, device…. `id`: the hash of its own. Series of rare things are made when the first comes. */
private[fraud] final class Entity(facts: Facts, val id: Long) {
  /** Marks of whoever counts or walks (Facts.stamp). */
  var counted, walked = 0L
  val placed = new Series(facts)
  var declined, refunds, frauds: Series = null

  def of(factType: Byte): Series = factType match {
    case FactType.Placed => placed
    case FactType.Declined => if (declined == null) declined = new Series(facts); declined
    case _ => if (refunds == null) refunds = new Series(facts); refunds
  }

  def labelled: Series = { if (frauds == null) frauds = new Series(facts); frauds }

  def trim(): Unit = {
    placed.trim()
    if (declined != null) declined.trim()
    if (refunds != null) refunds.trim()
    if (frauds != null) frauds.trim()
  }

  def isEmpty: Boolean = placed.isEmpty && (declined == null || declined.isEmpty) && (refunds == null || refunds.isEmpty)
}

/** The clicks of one visit by event time. */
private[fraud] final class Session {
  /** Partition of its clicks: a visitor's are all in one. */
  var partition: Byte = 0
  private var times, events = new Array[Long](8)
  private var types = new Array[Byte](8)
  private var held = 0
  var firstOffset: Long = Long.MaxValue
  var lastOffset: Long = Long.MinValue
  /** Orders placed in it. */
  var orders: Array[Int] = Session.None

  def last: Long = if (held == 0) Long.MinValue else times(held - 1)

  /** False where it is known, or the visit has too many to be a person's. */
  def add(time: Long, event: Long, clickType: Byte, from: Byte, offset: Long): Boolean = {
    var i = held
    while (i > 0 && times(i - 1) > time) i -= 1
    var k = 0
    while (k < held) { if (events(k) == event) return false; k += 1 }
    if (held == Session.Most) return false
    if (held == times.length) {
      times = Arrays.copyOf(times, held * 2); events = Arrays.copyOf(events, held * 2); types = Arrays.copyOf(types, held * 2)
    }
    System.arraycopy(times, i, times, i + 1, held - i)
    System.arraycopy(events, i, events, i + 1, held - i)
    System.arraycopy(types, i, types, i + 1, held - i)
    times(i) = time; events(i) = event; types(i) = clickType
    held += 1
    partition = from
    if (offset < firstOffset) firstOffset = offset
    if (offset > lastOffset) lastOffset = offset
    true
  }

  /** Place of the first click after `time`. */
  def after(time: Long): Int = { var n = held; while (n > 0 && times(n - 1) > time) n -= 1; n }

  def count(clickType: Byte, from: Int, until: Int): Int = { var n = 0; var i = from; while (i < until) { if (types(i) == clickType) n += 1; i += 1 }; n }

  def time(i: Int): Long = times(i)
}

private[fraud] object Session {
  final val Most = 1000
  /** Clicks longer before an order are not of its visit. */
  final val LongestMs: Long = 4 * 3600000L
  private val None = Array.emptyIntArray
}
