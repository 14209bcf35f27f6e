package io.millrace.streaming.fraud

import scala.jdk.CollectionConverters._

import com.fasterxml.jackson.databind.{JsonNode, ObjectMapper}
import org.apache.spark.sql.catalyst.util.ArrayData
import org.apache.spark.sql.types._
import org.apache.spark.unsafe.types.UTF8String

/** A kind of entity: its place is its code. `field` of the order, or of each of its lines; negative: one entity, which is every order's. */
private[fraud] final class EntityKind(val name: String, val field: Int, val ofLine: Boolean, val lagMs: Long) { def ofAll: Boolean = field < 0 }

/** The order a feature is computed for, and all that is known of its entities, by kind. Times in ms. */
private[fraud] final class Moment(features: Features, val facts: Facts, walk: RingWalk, val clicks: Session, val order: Array[Any], val ref: Int, val entities: Array[Array[Entity]]) {
  val time: Long = facts.time(ref)
  val amount: Double = facts.amount(ref).toDouble
  /** Places of the visit's clicks before the order: from the first up to but without `pastClick`. */
  val firstClick: Int = if (clicks == null) 0 else clicks.after(time - Session.LongestMs)
  val pastClick: Int = if (clicks == null) 0 else clicks.after(time)
  /** By kind and entity: what each window of that kind's features holds. */
  val spans: Array[Array[Array[Span]]] = {
    val out = new Array[Array[Array[Span]]](entities.length)
    var k = 0
    while (k < out.length) {
      val windows = features.windows(k)
      out(k) = new Array[Array[Span]](entities(k).length)
      var j = 0
      while (j < out(k).length) {
        val placed = entities(k)(j).placed
        val own = placed.placeOf(ref)
        val spans = new Array[Span](windows.length)
        var w = 0
        // Of one delay the shorter windows come first.
        var before: Span = null
        while (w < windows.length) {
          val window = windows(w)
          before = if (w > 0 && windows(w - 1).delay == window.delay) before.back(placed, window.length) else Span.of(placed, own, time, window.length, window.delay)
          spans(w) = before
          w += 1
        }
        out(k)(j) = spans
        j += 1
      }
      k += 1
    }
    out
  }
  private var ringSpan: Span = null
  private var ringSeen: Ring = null
  /** The customer's ring in that window. */
  def ring(span: Span): Ring = { if (ringSpan ne span) { ringSpan = span; ringSeen = walk.of(this, span) }; ringSeen }
}

/** How far a feature looks back, and how long before the order that ends; ms. */
private[fraud] final case class Window(length: Long, delay: Long)

/** One feature; NaN where it is unknown. */
private[fraud] trait Compute { def of(m: Moment): Double }

/** The same of one entity and window. Traits of their own, since a function of Scala's would box each number. */
private[fraud] trait ComputeOf { def of(m: Moment, e: Entity, s: Span): Double }

/**
 * The catalogue of features (fraud/features.py), resolved against the decoded order. A window ends at the order, which belongs to it,
 * or `delay` before it; it begins after its end less its length. Facts count up to the order's own place: event time, partition, offset.
 */
final class Features(json: JsonNode) {
  val version: String = json.get("version").asText
  val keptMs: Long = json.get("kept").asLong
  private[fraud] val kinds: Array[EntityKind] = json.get("entities").asScala.map { e =>
    e.get("field").asText.split("""\[\]\.""") match {
      case Array("") => new EntityKind(e.get("name").asText, -1, false, e.get("lag").asLong)
      case Array(name) => new EntityKind(e.get("name").asText, Events.Order.fieldIndex(name), false, e.get("lag").asLong)
      case Array(_, name) => new EntityKind(e.get("name").asText, Events.Line.fieldIndex(name), true, e.get("lag").asLong)
    }
  }.toArray
  private val specs = json.get("features").asScala.toArray
  /** By kind: the windows of its features. */
  private[fraud] val windows: Array[Array[Window]] = kinds.map { kind =>
    specs.filter(_.get("entity").asText == kind.name).map(window(_, kind)).distinct.sortBy(w => (w.delay, w.length))
  }
  val names: Array[String] = specs.map(_.get("name").asText)
  private val computes: Array[Compute] = specs.map(compute)

  private[fraud] def row(m: Moment): Array[Double] = {
    val out = new Array[Double](computes.length)
    var i = 0
    while (i < out.length) { out(i) = computes(i).of(m); i += 1 }
    out
  }

  private def window(spec: JsonNode, kind: EntityKind): Window = Window(spec.get("window").asLong, spec.get("delay").asLong + kind.lagMs)

  private[fraud] def kind(name: String): Int = {
    val at = kinds.indexWhere(_.name == name)
    if (at < 0) throw new IllegalArgumentException(s"no entity is called $name")
    at
  }

  private def compute(spec: JsonNode): Compute = {
    def text(name: String): String = spec.get(name).asText
    val (length, of) = (spec.get("window").asLong, text("of"))
    def entity(f: ComputeOf): Compute = {
      val code = kind(text("entity"))
      new OfEntity(code, windows(code).indexOf(window(spec, kinds(code))), f)
    }
    def order(f: Compute): Compute = f
    text("kind") match {
      case "count" => entity((_, _, s) => s.count.toDouble)
      case "sum" => entity((_, e, s) => e.placed.sum(s.from, s.to).toDouble)
      case "mean" => entity((_, e, s) => if (s.count == 0) Double.NaN else e.placed.sum(s.from, s.to).toDouble / s.count)
      case "declines" => entity((m, e, _) => others(m, e.declined, length))
      case "refunds" => entity((m, e, _) => others(m, e.refunds, length))
      case "frauds" => val lag = lagOf(spec); entity((m, e, s) => frauds(m, e, s, lag).toDouble)
      case "since_fraud" => entity((m, e, s) => sinceFraud(m, e, s))
      case "risk" => val lag = lagOf(spec); entity((m, e, s) => if (s.count == 0) 0 else frauds(m, e, s, lag).toDouble / s.count)
      case "since" => entity((m, e, s) => if (s.own <= s.from) Double.NaN else (m.time - e.placed.time(s.own - 1)) / 1000.0)
      case "age" => entity((m, e, s) => age(m, e, s))
      case "ratio" => entity { (m, e, s) =>
        val n = s.own - s.from
        val sum = e.placed.sum(s.from, s.own)
        if (n <= 0 || sum == 0) Double.NaN else m.amount * n / sum
      }
      case "peak" => entity { (m, e, s) =>
        var i = s.latest(Features.Looked)
        var most = 0L
        while (i < s.own) { most = math.max(most, e.placed.amount(i)); i += 1 }
        if (most == 0) Double.NaN else m.amount / most
      }
      case "deviation" => entity((m, e, s) => deviation(m, e, s))
      case "distinct" => val other = kind(of); entity((m, e, s) => distinct(m, e, s, other).toDouble)
      case "same" => val other = kind(of); entity((m, e, s) => same(m, e, s, other))
      case "ring" => val count = Ring.count(of); entity((m, _, s) => count(m.ring(s)))
      case "amount" => order(_.amount)
      case "items" => order(m => lines(m).map(_.getInt(Events.Quantity)).sum.toDouble)
      case "lines" => order(m => lines(m).size.toDouble)
      case "price" => order(m => lines(m).map(_.getLong(Events.UnitPrice)).maxOption.fold(Double.NaN)(_.toDouble))
      case "discount" => order(m => m.order(Events.Discount) match { case n: Long => n.toDouble; case _ => 0 })
      case "present" => val at = Events.Order.fieldIndex(of); order(m => if (m.order(at) == null) 0 else 1)
      case "guest" => order(m => if (m.order(Events.AccountCreatedAt) == null) 1 else 0)
      case "account_age" => order(m => m.order(Events.AccountCreatedAt) match { case at: Long => (m.time - at) / 1000.0; case _ => Double.NaN })
      case "hour" => order(m => Math.floorMod(m.time, Features.DayMs) / Features.HourMs.toDouble)
      // 1970-01-01 was a Thursday.
      case "weekend" => order(m => { val day = Math.floorMod(Math.floorDiv(m.time, Features.DayMs) + 3, 7L); if (day >= 5) 1 else 0 })
      case "night" => order(m => if (Math.floorMod(m.time, Features.DayMs) / Features.HourMs <= 6) 1 else 0)
      case "is" =>
        val Array(name, wanted) = of.split("=")
        val value = UTF8String.fromString(wanted)
        val at = Events.Order.fieldIndex(name)
        order(m => if (m.order(at) == null) Double.NaN else if (m.order(at) == value) 1 else 0)
      case "differ" =>
        val Array(a, b) = of.split(",").map(Events.Order.fieldIndex)
        order(m => if (m.order(a) == null || m.order(b) == null) Double.NaN else if (m.order(a) == m.order(b)) 0 else 1)
      case "clicks" =>
        val clickType = Events.clickType(UTF8String.fromString(of))
        order(m => if (m.clicks == null) Double.NaN else m.clicks.count(clickType, m.firstClick, m.pastClick).toDouble)
      case "session_seconds" => order(m => session(m, m.firstClick))
      case "session_since_last" => order(m => session(m, m.pastClick - 1))
      case other => throw new IllegalArgumentException(s"no feature is computed by $other")
    }
  }

  private def others(m: Moment, series: Series, window: Long): Double =
    if (series == null) 0 else series.placeOf(m.ref) - math.min(series.after(m.time - window), series.placeOf(m.ref))

  private def lagOf(spec: JsonNode): Long = kinds(kind(spec.get("entity").asText)).lagMs

  /** What lags knows of labels as late as of orders, or each late label would have all later orders scored again. */
  private[fraud] def frauds(m: Moment, e: Entity, s: Span, lag: Long): Int = {
    if (e.frauds == null || s.count == 0) return 0
    var i = e.frauds.after(s.begin)
    var n = 0
    while (i < e.frauds.end && e.frauds.time(i) <= s.finish) { if (m.facts.fraudAt(e.frauds(i)) <= m.time - lag) n += 1; i += 1 }
    n
  }

  private def sinceFraud(m: Moment, e: Entity, s: Span): Double = {
    if (e.frauds == null) return Double.NaN
    var i = e.frauds.after(s.finish) - 1
    while (i >= e.frauds.start && e.frauds.time(i) > s.begin) {
      if (m.facts.fraudAt(e.frauds(i)) <= m.time) return (m.time - e.frauds.time(i)) / 1000.0
      i -= 1
    }
    Double.NaN
  }

  /** From the first order or refusal that the window holds. */
  private def age(m: Moment, e: Entity, s: Span): Double = {
    val placed = e.placed.time(s.from)
    val refused = if (e.declined == null) -1 else e.declined.after(s.begin)
    val first = if (refused < 0 || refused == e.declined.end) placed else math.min(placed, e.declined.time(refused))
    (m.time - first) / 1000.0
  }

  private def deviation(m: Moment, e: Entity, s: Span): Double = {
    val from = s.latest(Features.Looked)
    val n = s.own - from
    if (n < 3) return Double.NaN
    val mean = e.placed.sum(from, s.own).toDouble / n
    var i = from
    var squares = 0.0
    while (i < s.own) { val d = e.placed.amount(i) - mean; squares += d * d; i += 1 }
    val spread = math.sqrt(squares / (n - 1))
    if (spread == 0) Double.NaN else (m.amount - mean) / spread
  }

  private[fraud] def distinct(m: Moment, e: Entity, s: Span, other: Int): Int = {
    val from = math.max(s.from, s.to - Features.Looked)
    val stamp = m.facts.stamp()
    var i = from
    var n = 0
    while (i < s.to) {
      val partner = m.facts.entity(e.placed(i), other)
      if (partner != null && partner.counted != stamp) { partner.counted = stamp; n += 1 }
      i += 1
    }
    n
  }

  private def same(m: Moment, e: Entity, s: Span, other: Int): Double = {
    val mine = m.facts.entity(m.ref, other)
    val from = s.latest(Features.Looked)
    if (mine == null || s.own == from) return Double.NaN
    var i = from
    var n = 0
    while (i < s.own) { if (m.facts.entity(e.placed(i), other) eq mine) n += 1; i += 1 }
    n.toDouble / (s.own - from)
  }

  private def session(m: Moment, which: Int): Double = if (m.pastClick == m.firstClick) Double.NaN else (m.time - m.clicks.time(which)) / 1000.0

  private def lines(m: Moment): Iterator[org.apache.spark.sql.catalyst.InternalRow] = {
    val items = m.order(Events.Lines).asInstanceOf[ArrayData]
    if (items == null) Iterator.empty else (0 until items.numElements).iterator.map(items.getStruct(_, Events.Line.length))
  }
}

object Features {
  private[fraud] final val DayMs = 86400000L
  private final val HourMs = 3600000L
  /** Orders of an entity that a distinct, a share or a deviation looks at: a shared address must not cost what it has seen. */
  private[fraud] final val Looked = 200

  def parse(json: String): Features = new Features(new ObjectMapper().readTree(json))

  private[fraud] def greater(a: Double, b: Double): Double = if (a.isNaN) b else if (b.isNaN) a else math.max(a, b)
}

/** The placed orders of one entity that a window holds: places from `from` to before `to`; `own` is the order's place. */
private[fraud] final class Span(val from: Int, val to: Int, val own: Int, val begin: Long, val finish: Long) {
  def count: Int = to - from
  /** Place from which at most `n` earlier orders are left. */
  def latest(n: Int): Int = math.max(from, own - n)
  /** One with the same end that begins no later. */
  def back(placed: Series, window: Long): Span = new Span(placed.after(finish - window, from), to, own, finish - window, finish)
}

private[fraud] object Span {
  def of(placed: Series, own: Int, time: Long, window: Long, delay: Long): Span = {
    val finish = time - delay
    val to = if (delay == 0) own + 1 else placed.after(finish)
    new Span(math.min(placed.after(finish - window), to), to, own, finish - window, finish)
  }
}

private[fraud] final class OfEntity(kind: Int, window: Int, f: ComputeOf) extends Compute {
  override def of(m: Moment): Double = {
    val entities = m.entities(kind)
    var i = 0
    var most = Double.NaN
    while (i < entities.length) { most = Features.greater(most, f.of(m, entities(i), m.spans(kind)(i)(window))); i += 1 }
    most
  }
}

/** What is read of each topic, and where it stands in the decoded row. */
private[streaming] object Events {
  private def text(names: String*): Seq[StructField] = names.map(StructField(_, StringType))

  val Line: StructType = StructType(text("productId") ++ Seq(StructField("quantity", IntegerType), StructField("unitPriceMinor", LongType)))
  val Order: StructType = StructType(
    text("eventId", "eventType") ++ Seq(StructField("occurredAt", LongType)) ++
      text("orderId", "customerId", "sessionId", "country", "currency") ++ Seq(StructField("totalMinor", LongType)) ++
      text("paymentMethod", "deviceId", "ipAddress", "ipCountry", "emailDomain") ++ Seq(StructField("accountCreatedAt", LongType)) ++
      text("cardId", "cardCountry", "cardFunding", "billingAddressId", "billingCountry", "shippingAddressId", "promoCode") ++
      Seq(StructField("discountMinor", LongType), StructField("lines", ArrayType(Line))))
  val Click: StructType = StructType(text("eventId", "eventType") ++ Seq(StructField("occurredAt", LongType)) ++ text("sessionId"))
  val Label: StructType = StructType(
    text("eventId", "eventType") ++ Seq(StructField("occurredAt", LongType)) ++ text("orderId") ++ Seq(StructField("fraud", BooleanType)))

  final val EventId = 0
  final val EventType = 1
  final val OccurredAt = 2
  val OrderId: Int = Order.fieldIndex("orderId")
  val CustomerId: Int = Order.fieldIndex("customerId")
  val CardId: Int = Order.fieldIndex("cardId")
  val SessionId: Int = Order.fieldIndex("sessionId")
  val Country: Int = Order.fieldIndex("country")
  val Currency: Int = Order.fieldIndex("currency")
  val TotalMinor: Int = Order.fieldIndex("totalMinor")
  val AccountCreatedAt: Int = Order.fieldIndex("accountCreatedAt")
  val Discount: Int = Order.fieldIndex("discountMinor")
  val Lines: Int = Order.fieldIndex("lines")
  val Quantity: Int = Line.fieldIndex("quantity")
  val UnitPrice: Int = Line.fieldIndex("unitPriceMinor")
  val ClickSession: Int = Click.fieldIndex("sessionId")
  val LabelOrder: Int = Label.fieldIndex("orderId")
  val LabelFraud: Int = Label.fieldIndex("fraud")

  private val clickTypes =
    Seq("PAGE_VIEW", "SEARCH", "PRODUCT_VIEW", "ADD_TO_CART", "REMOVE_FROM_CART", "CHECKOUT", "SIGN_IN").map(UTF8String.fromString)
  def clickType(name: UTF8String): Byte = clickTypes.indexOf(name).toByte
}
