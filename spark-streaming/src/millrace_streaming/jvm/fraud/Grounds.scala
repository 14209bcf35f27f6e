package io.millrace.streaming.fraud

import scala.collection.mutable.ArrayBuffer

/** A topic's part in the features. The numbers are those of the partitions' codes. */
private[streaming] object Source {
  final val Orders = 0
  final val Clicks = 1
  final val Labels = 2
}

/** A record that a score rests on. */
final case class Evidence(source: Int, partition: Int, first: Long, last: Long)

/** Another holder's view of an entity of the order. */
final case class Linked(kind: String, id: String, orders: Long, customers: Long, frauds: Long)

/**
 * An order with its features: all that rules, model and reader need. `revision` counts the events it rests on, so that of two
 * computations of one order the one that knew more has the higher one, whoever made them.
 */
final class Computed(val order: Array[Any], val partition: Int, val offset: Long, val revision: Long, val features: Array[Double],
    val linked: Array[Linked], val evidence: Array[Evidence])

/** What a computation rests on: how many events, which other holders of its entities, and where in the topics to look it up. */
private[fraud] final class Grounds(features: Features, facts: Facts) {
  private val kinds = features.kinds
  private val customer = features.kind("customer")
  private val strong = Array("customer", "card", "device", "ip", "address").map(features.kind)
  /** Refs that are named already; labels by their complement. */
  private val shown = new FewInts

  /** Events that this computation knows of: those of its entities that are kept, up to the order. */
  def known(m: Moment): Long = {
    val since = m.time - features.keptMs
    var n = (m.pastClick - m.firstClick).toLong
    var k = 0
    while (k < kinds.length) {
      val until = m.time - kinds(k).lagMs
      def facts(series: Series): Int =
        if (series == null) 0 else math.max(0, (if (kinds(k).lagMs == 0) series.placeOf(m.ref) else series.after(until)) - series.after(since))
      var i = 0
      while (i < m.entities(k).length) {
        val e = m.entities(k)(i)
        n += facts(e.placed) + facts(e.declined) + facts(e.refunds) + labels(e.frauds, since, until)
        i += 1
      }
      k += 1
    }
    n
  }

  /** Frauds placed after `since` whose label came by `until`. */
  private def labels(frauds: Series, since: Long, until: Long): Int = {
    var n = 0
    if (frauds != null) {
      var i = frauds.after(since)
      while (i < frauds.end) { if (facts.fraudAt(frauds(i)) <= until) n += 1; i += 1 }
    }
    n
  }

  def linked(m: Moment): Array[Linked] = strong.filter(m.entities(_).length > 0).map { kind =>
    val e = m.entities(kind)(0)
    val span = Span.of(e.placed, e.placed.placeOf(m.ref), m.time, Grounds.LinkedMs, 0)
    Linked(kinds(kind).name, m.order(kinds(kind).field).toString, span.count, features.distinct(m, e, span, customer), features.frauds(m, e, span, lag = 0))
  }

  /** The order, the clicks of its visit, and of each strong entity the latest facts and the label before it. */
  def evidence(m: Moment, partition: Int, offset: Long): Array[Evidence] = {
    val out = new ArrayBuffer[Evidence](16)
    out += Evidence(Source.Orders, partition, offset, offset)
    if (m.pastClick > m.firstClick) out += Evidence(Source.Clicks, m.clicks.partition, m.clicks.firstOffset, m.clicks.lastOffset)
    shown.clear()
    var k = 0
    while (k < strong.length) {
      val mine = m.entities(strong(k))
      var j = 0
      while (j < mine.length) {
        latest(m, mine(j).placed, out)
        latest(m, mine(j).declined, out)
        latest(m, mine(j).refunds, out)
        latestLabels(m, mine(j).frauds, out)
        j += 1
      }
      k += 1
    }
    out.toArray
  }

  private def latest(m: Moment, series: Series, out: ArrayBuffer[Evidence]): Unit = if (series != null) {
    val own = series.placeOf(m.ref)
    var i = math.max(series.start, own - Grounds.Shown)
    while (i < own) {
      val (c, slot) = (facts.chunk(series(i)), facts.slot(series(i)))
      if (c.time(slot) > m.time - features.keptMs && shown.add(series(i))) out += Evidence(Source.Orders, c.partition(slot), c.offset(slot), c.offset(slot))
      i += 1
    }
  }

  private def latestLabels(m: Moment, frauds: Series, out: ArrayBuffer[Evidence]): Unit = if (frauds != null) {
    var i = math.max(frauds.start, frauds.end - Grounds.Shown)
    while (i < frauds.end) {
      val (c, slot) = (facts.chunk(frauds(i)), facts.slot(frauds(i)))
      // A fact and its label are two records.
      if (c.fraudAt(slot) <= m.time && shown.add(~frauds(i))) out += Evidence(Source.Labels, c.labelPartition(slot), c.labelOffset(slot), c.labelOffset(slot))
      i += 1
    }
  }
}

/** A few numbers. */
private final class FewInts {
  private var held = new Array[Int](32)
  private var size = 0
  def clear(): Unit = size = 0
  /** False where it is there. */
  def add(n: Int): Boolean = {
    var i = 0
    while (i < size) { if (held(i) == n) return false; i += 1 }
    if (size == held.length) held = java.util.Arrays.copyOf(held, size * 2)
    held(size) = n
    size += 1
    true
  }
}

private object Grounds {
  /** Facts of an entity that are named as evidence. */
  private final val Shown = 3
  private final val LinkedMs = 30 * Features.DayMs
}
