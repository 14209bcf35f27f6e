package io.millrace.streaming.fraud

import java.nio.charset.StandardCharsets.UTF_8
import java.util.Locale

import scala.jdk.CollectionConverters._

import org.apache.avro.Schema

/** Avro's binary encoding into a buffer that is used again. */
private[fraud] final class AvroBuffer {
  private var bytes = new Array[Byte](8192)
  private var length = 0

  def clear(): Unit = length = 0
  def result: Array[Byte] = java.util.Arrays.copyOf(bytes, length)
  private def room(n: Int): Unit = if (length + n > bytes.length) bytes = java.util.Arrays.copyOf(bytes, math.max(bytes.length * 2, length + n))

  def raw(b: Array[Byte]): Unit = { room(b.length); System.arraycopy(b, 0, bytes, length, b.length); length += b.length }
  def byte(b: Int): Unit = { room(1); bytes(length) = b.toByte; length += 1 }

  def long(value: Long): Unit = {
    room(10)
    var n = (value << 1) ^ (value >> 63)
    while ((n & ~0x7fL) != 0) { bytes(length) = ((n & 0x7f) | 0x80).toByte; length += 1; n >>>= 7 }
    bytes(length) = n.toByte
    length += 1
  }

  def double(value: Double): Unit = {
    room(8)
    val bits = java.lang.Double.doubleToRawLongBits(value)
    var i = 0
    while (i < 8) { bytes(length + i) = (bits >>> (8 * i)).toByte; i += 1 }
    length += 8
  }

  def text(b: Array[Byte]): Unit = { long(b.length); raw(b) }
  def text(s: String): Unit = text(s.getBytes(UTF_8))
  /** Union of null and double. */
  def maybe(value: Double): Unit = if (value.isNaN) byte(0) else { byte(2); double(value) }
  def maybe(value: Any): Unit = if (value == null) byte(0) else { byte(2); text(value.toString) }
}

/** Writes scores in Confluent's wire format. The contract's fields are written by hand, being 170 numbers a score; another contract is refused at once. */
final class ScoreWriter(contract: String, schemaId: Int, lane: String, topics: Array[String], features: Features, words: Array[String]) {
  ScoreWriter.check(new Schema.Parser().parse(contract))
  private val names = features.names.map(name => { val b = new AvroBuffer; b.text(name); b.result })
  private val head = Array[Byte](0, (schemaId >>> 24).toByte, (schemaId >>> 16).toByte, (schemaId >>> 8).toByte, schemaId.toByte)
  private val out = new AvroBuffer

  /** Not thread-safe. `shadows`: name, version and verdict of what runs beside. */
  def write(c: Computed, v: Verdict, rules: RuleSet, model: TreeModel, shadows: Array[(String, String, Double, Int)], scoredAt: Long): Array[Byte] = {
    out.clear()
    out.raw(head)
    out.text(c.order(Events.OrderId).toString)
    out.text(c.order(Events.CustomerId).toString)
    out.double(v.score)
    out.long(v.decisionCode)
    val live = v.hits.filterNot(_.shadow)
    items(live)(hit => out.text(hit.id))
    contributions(v.contributions, model)
    values(c.features)
    items(c.evidence) { e => out.text(topics(e.source)); out.long(e.partition); out.long(e.first); out.long(e.last) }
    val versions = Array("features" -> features.version, "rules" -> rules.version) ++ (if (model == null) None else Some("model" -> model.version))
    items(versions) { case (name, version) => out.text(name); out.text(version) }
    out.byte(if (model == null) 1 else 0)
    out.long(c.order(Events.OccurredAt).asInstanceOf[Long])
    out.long(scoredAt)
    out.long(c.revision)
    out.text(lane)
    out.byte(2); out.long(c.order(Events.TotalMinor).asInstanceOf[Long])
    out.maybe(c.order(Events.Currency))
    out.maybe(v.model)
    reasons(c, v, live)
    items(c.linked) { l => out.text(l.kind); out.text(l.id); out.long(l.orders); out.long(l.customers); out.long(l.frauds) }
    items(shadows) { case (name, version, score, decision) => out.text(name); out.text(version); out.double(score); out.long(decision) }
    out.result
  }

  private def items[T](all: Array[T])(one: T => Unit): Unit = {
    if (all.length > 0) { out.long(all.length); all.foreach(one) }
    out.long(0)
  }

  private def values(row: Array[Double]): Unit = {
    out.long(row.length)
    var i = 0
    while (i < row.length) { out.raw(names(i)); out.maybe(row(i)); i += 1 }
    out.long(0)
  }

  private def contributions(weights: Array[Double], model: TreeModel): Unit = {
    if (model != null) {
      var i = 0
      var n = 1
      while (i < weights.length) { if (weights(i) != 0) n += 1; i += 1 }
      out.long(n)
      out.text(ScoreWriter.Base); out.double(model.base)
      i = 0
      while (i < weights.length) { if (weights(i) != 0) { out.raw(names(i)); out.double(weights(i)) }; i += 1 }
    }
    out.long(0)
  }

  private def reasons(c: Computed, v: Verdict, live: Array[RuleHit]): Unit = {
    val weighty = if (v.contributions == null) Array.emptyIntArray else ScoreWriter.heaviest(v.contributions)
    if (live.length + weighty.length > 0) out.long(live.length + weighty.length)
    live.foreach { hit => out.text(ScoreWriter.Rule); out.text(hit.id); out.text(hit.reason); out.byte(0); out.double(if (hit.score.isNaN) 0 else hit.score) }
    weighty.foreach { i =>
      val value = c.features(i)
      out.text(ScoreWriter.Model); out.raw(names(i))
      out.text(if (value.isNaN) s"${words(i)} Unknown." else s"${words(i)} ${ScoreWriter.shown(value)}")
      out.maybe(value); out.double(v.contributions(i))
    }
    out.long(0)
  }
}

private[fraud] object ScoreWriter {
  private val Rule = "rule".getBytes(UTF_8)
  private val Model = "model".getBytes(UTF_8)
  private val Base = "base".getBytes(UTF_8)
  private final val Shown = 6
  /** Log-odds that are worth a word. */
  private final val Weighty = 0.1
  private val Fields = Seq("orderId", "customerId", "score", "decision", "rulesHit", "contributions", "features", "evidence", "versions", "degraded", "occurredAt",
    "scoredAt", "revision", "lane", "totalMinor", "currency", "modelScore", "reasons", "linked", "shadows")

  def check(contract: Schema): Unit = {
    val found = contract.getFields.asScala.map(_.name).toSeq
    if (found != Fields) throw new IllegalStateException(s"ScoreWriter writes ${Fields.mkString(", ")}; the contract has ${found.mkString(", ")}")
  }

  def shown(value: Double): String =
    if (value == math.rint(value) && math.abs(value) < 1e15) value.toLong.toString else String.format(Locale.ROOT, "%.3g", value)

  /** What weighs most towards or against fraud, heaviest first. */
  def heaviest(weights: Array[Double]): Array[Int] = {
    val best = new Array[Int](Shown)
    var n = 0
    var i = 0
    while (i < weights.length) {
      val w = math.abs(weights(i))
      if (w >= Weighty && (n < Shown || w > math.abs(weights(best(n - 1))))) {
        var at = if (n < Shown) { n += 1; n - 1 } else n - 1
        while (at > 0 && math.abs(weights(best(at - 1))) < w) { best(at) = best(at - 1); at -= 1 }
        best(at) = i
      }
      i += 1
    }
    java.util.Arrays.copyOf(best, n)
  }
}
