package io.millrace.streaming.fraud

import scala.collection.mutable.ArrayBuffer
import scala.jdk.CollectionConverters._
import scala.reflect.ClassTag

import com.fasterxml.jackson.databind.ObjectMapper
import org.apache.spark.graphx.{Edge, Graph, VertexId}
import org.apache.spark.graphx.lib.ConnectedComponents
import org.apache.spark.mllib.rdd.MLPairRDDFunctions.fromPairRDD
import org.apache.spark.rdd.RDD
import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.catalyst.expressions.XXH64
import org.apache.spark.sql.functions.col
import org.apache.spark.storage.StorageLevel
import org.apache.spark.unsafe.types.UTF8String

/** An order placed, as far as rings need it; an id that the order lacks is null. `fraud`: its labels say so. */
private final case class RingOrder(order: Long, at: Long, partition: Int, offset: Long, customer: String, things: Array[String], currency: String, totalMinor: Long)
private final case class RingLabel(order: Long, kind: String, at: Long, event: String, fraud: Boolean)
/** A customer (kind 0) or something that customers share. */
private final case class RingNode(kind: Int, id: String)
/** The orders of one customer with one thing. */
private final case class Uses(orders: Long, first: Long, last: Long) {
  def and(other: Uses): Uses = Uses(orders + other.orders, math.min(first, other.first), math.max(last, other.last))
}
private final case class Thing(kind: Int, id: String, customers: Long, orders: Long)

/** What some customers ordered together. */
private final case class Bought(customers: Long, least: String, orders: Long, frauds: Long, first: Long, last: Long, amounts: Map[String, Long]) {
  def and(o: Bought): Bought = Bought(customers + o.customers, if (o.least < least) o.least else least, orders + o.orders, frauds + o.frauds, math.min(first, o.first),
    math.max(last, o.last), o.amounts.foldLeft(amounts) { case (sums, (currency, minor)) => sums.updated(currency, math.min(Rings.MostMinor, sums.getOrElse(currency, 0L) + minor)) })
}

/** Of one kind of thing in a ring: how many, how many of them several customers share, and pairs of customer and thing. */
private final case class Held(things: Long, shared: Long, pairs: Long) { def and(o: Held): Held = Held(things + o.things, shared + o.shared, pairs + o.pairs) }

/**
 * Rings: customers connected over shared cards, devices and shipping addresses, among the orders of the last `days` before the newest one.
 * `records`: columns of the Kafka source, orders and labels. A thing that more than `mostShared` customers share is a hub (a parcel locker,
 * a call centre) and connects nobody. Call `read`, then `report`; `close` gives the memory back. Runs in local mode.
 */
final class Rings(records: DataFrame, reader: RecordReader, days: Int, minCustomers: Int, mostShared: Int) {
  import Rings._

  private val held = new ArrayBuffer[RDD[_]]
  private val decoder = Local.of(reader)
  private var until = 0L
  private def since: Long = until - days * DayMs
  private var orders: RDD[(RingOrder, Boolean)] = _

  private def keep[T](rdd: RDD[T]): RDD[T] = { held += rdd.persist(StorageLevel.MEMORY_AND_DISK); rdd }

  /** Reads the records once. Returns how many orders the range has; 0: there is nothing to report. */
  def read(): Long = {
    val decoder = this.decoder
    val decoded = keep(records.select(col("topic"), col("partition"), col("offset"), col("timestamp"), col("value")).rdd.mapPartitions { rows =>
      val reader = decoder.get
      rows.flatMap { r =>
        val source = reader.source(r.getString(0))
        if (source != Source.Orders && source != Source.Labels) None
        else Option(reader.read(source, r.getTimestamp(3).getTime, r.getAs[Array[Byte]](4))).flatMap(event => if (source == Source.Orders) orderOf(event, r.getInt(1), r.getLong(2)) else Some(labelOf(event)))
      }
    })
    // A record that the log has twice is one order.
    val placed = keep(decoded.collect { case order: RingOrder => order.order -> order }.reduceByKey((a, b) => if (Log.lt(a, b)) a else b, Partitions))
    if (placed.isEmpty) return 0
    until = placed.map(_._2.at).max
    val from = since
    // Of each kind of label the latest stands, and one that says fraud is enough: as the fraud desk has it.
    val frauds = decoded.collect { case label: RingLabel => (label.order, label.kind) -> label }
      .reduceByKey((a, b) => if (ByTime.gt(a, b)) a else b, Partitions).filter(_._2.fraud).map { case ((order, _), _) => order -> true }.distinct(Partitions)
    orders = keep(placed.filter(_._2.at > from).leftOuterJoin(frauds, Partitions).map { case (_, (order, fraud)) => (order, fraud.isDefined) })
    orders.count
  }

  /** The report as JSON: times in ms, money in minor units, rings with the most suspicious first. */
  def report(): String = {
    val customers = keep(orders.map { case (o, fraud) => vertex(0, o.customer) -> Bought(1, o.customer, 1, if (fraud) 1 else 0, o.at, o.at, Map(o.currency -> o.totalMinor)) }
      .reduceByKey((a, b) => a.and(b).copy(customers = 1), Partitions))
    val all = customers.map(_._2).reduce(_ and _)

    val uses = orders.flatMap { case (o, _) => o.things.indices.filter(o.things(_) != null).map(k => (vertex(0, o.customer), vertex(k + 1, o.things(k))) -> Uses(1, o.at, o.at)) }
      .reduceByKey(_ and _, Partitions)
    val nodes = orders.flatMap { case (o, _) => RingNode(0, o.customer) +: o.things.indices.filter(o.things(_) != null).map(k => RingNode(k + 1, o.things(k))) }
      .map(node => vertex(node.kind, node.id) -> node).reduceByKey((a, _) => a, Partitions)
    val graph = Graph(nodes, uses.map { case ((customer, thing), used) => Edge(customer, thing, used) }, RingNode(-1, ""), StorageLevel.MEMORY_AND_DISK, StorageLevel.MEMORY_AND_DISK)
    held += graph.vertices; held += graph.edges
    val most = mostShared
    // Edges go from customers to things: a thing's customers are its edges in.
    val sharers = keep(graph.inDegrees.map { case (thing, n) => thing -> n })
    val hubs = graph.vertices.innerJoin(graph.inDegrees)((_, node, n) => (node.kind, n)).map(_._2).filter(_._2 > most).map(_._1).countByValue()

    val pairs = keep(graph.edges.map(e => e.dstId -> (e.srcId, e.attr)).join(sharers, Partitions).filter(_._2._2 <= most).map { case (thing, ((customer, used), n)) => (customer, thing, used, n) })
    // A thing of one customer connects nobody.
    val component = components(pairs.filter(_._4 > 1).map { case (customer, thing, _, _) => (customer, thing) })

    val bought = keep(customers.join(component, Partitions).map { case (vertex, (customer, ring)) => ring -> (vertex, customer) })
    val least = minCustomers
    val rings = keep(bought.mapValues(_._2).reduceByKey(_ and _, Partitions).filter(_._2.customers >= least))
    val found = rings.count
    val things = keep(pairs.map { case (customer, thing, used, _) => customer -> (thing, used) }.join(component, Partitions).map { case (_, ((thing, used), ring)) => thing -> (ring, 1L, used.orders) }
      .reduceByKey((a, b) => (a._1, a._2 + b._2, a._3 + b._3), Partitions).join(graph.vertices, Partitions)
      .map { case (thing, ((ring, customers, orders), node)) => ring -> (thing, Thing(node.kind, node.id, customers, orders)) })
    val kinds = things.map { case (ring, (_, t)) => (ring, t.kind) -> Held(1, if (t.customers > 1) 1 else 0, t.customers) }.reduceByKey(_ and _, Partitions)
      .map { case ((ring, kind), held) => ring -> Map(kind -> held) }.reduceByKey(_ ++ _, Partitions)

    val base = (all.frauds + 1.0) / (all.orders + 100.0)
    val ranked = rings.join(kinds, Partitions).map { case (ring, (sum, held)) => Found(ring, sum, held, suspicion(sum, held, base)) }.takeOrdered(MostRings)(Ranking)
    val chosen = records.sparkSession.sparkContext.broadcast(ranked.map(_.ring).toSet)
    try {
      val members = bought.filter(b => chosen.value(b._1)).topByKey(MostIds)(Members).collectAsMap()
      val shown = things.filter(t => chosen.value(t._1)).map { case (ring, thing) => (ring, thing._2.kind) -> thing }.topByKey(MostIds)(Things).collectAsMap()
      val vertices = records.sparkSession.sparkContext.broadcast(members.values.flatten.map(_._1).toSet ++ shown.values.flatten.map(_._1))
      val links = try pairs.filter { case (customer, thing, _, n) => n > 1 && vertices.value(customer) && vertices.value(thing) }.map { case (customer, thing, used, _) => customer -> (thing, used) }
        .join(component, Partitions).map { case (customer, ((thing, used), ring)) => ring -> (customer, thing, used) }.topByKey(MostLinks)(Links).collectAsMap() finally vertices.destroy()
      json(all, hubs, found, ranked.toSeq, members, shown, links)
    } finally chosen.destroy()
  }

  def close(): Unit = { decoder.close(); held.foreach(_.unpersist(false)); held.clear() }

  /**
   * Least vertex id of its component, for each vertex. GraphX takes one step per hop, and every step makes the plan longer; so after a few
   * steps all vertices that have found the same least one become one, the plan is cut, and what is left is walked again: a chain of any
   * length takes few rounds.
   */
  private def components(edges: RDD[(VertexId, VertexId)]): RDD[(VertexId, VertexId)] = {
    var left = cut(edges)
    var known: RDD[(VertexId, VertexId)] = null
    while (!left.isEmpty) {
      val graph = Graph.fromEdgeTuples(left, 0, None, StorageLevel.MEMORY_AND_DISK, StorageLevel.MEMORY_AND_DISK)
      val steps = ConnectedComponents.run(graph, Steps)
      val found = cut(steps.vertices.map(identity))
      known = if (known == null) found else cut(known.map(_.swap).leftOuterJoin(found, Partitions).map { case (was, (vertex, now)) => vertex -> now.getOrElse(was) })
      left = cut(left.join(found, Partitions).map { case (_, (to, from)) => to -> from }.join(found, Partitions).map(_._2).filter { case (a, b) => a != b }.distinct(Partitions))
      steps.unpersist(false); graph.unpersist(false)
    }
    if (known == null) edges.sparkContext.emptyRDD[(VertexId, VertexId)] else known
  }

  /** Computed now, and held without the plan that led there. */
  private def cut[T: ClassTag](rdd: RDD[T]): RDD[T] = {
    held += rdd.persist(StorageLevel.MEMORY_AND_DISK).localCheckpoint()
    rdd.count
    rdd
  }

  private def json(all: Bought, hubs: scala.collection.Map[Int, Long], found: Long, ranked: Seq[Found], members: scala.collection.Map[VertexId, Array[(VertexId, Bought)]],
      shown: scala.collection.Map[(VertexId, Int), Array[(VertexId, Thing)]], links: scala.collection.Map[VertexId, Array[(VertexId, VertexId, Uses)]]): String = {
    val root = mapper.createObjectNode
    root.put("since", since).put("until", until).put("days", days).put("minCustomers", minCustomers).put("mostShared", mostShared)
    root.put("orders", all.orders).put("customers", all.customers).put("frauds", all.frauds).put("found", found)
    val left = root.putObject("hubs")
    Kinds.indices.foreach(k => left.put(Kinds(k), hubs.getOrElse(k + 1, 0L)))
    val out = root.putArray("rings")
    for ((f, place) <- ranked.zipWithIndex) {
      val ring = out.addObject.put("id", f"${Hashes.of(UTF8String.fromString(f.sum.least))}%016x").put("rank", place + 1).put("suspicion", f.suspicion).put("sharing", sharing(f.held))
      ring.put("orders", f.sum.orders).put("frauds", f.sum.frauds).put("firstAt", f.sum.first).put("lastAt", f.sum.last)
      val amounts = ring.putArray("amounts")
      f.sum.amounts.toSeq.sortBy { case (currency, minor) => (-minor, currency) }.take(MostCurrencies).foreach { case (currency, minor) => amounts.addObject.put("currency", currency).put("minor", minor) }
      val customers = ring.putObject("customers").put("count", f.sum.customers)
      val ids = customers.putArray("ids")
      val known = members.getOrElse(f.ring, Array.empty)
      known.foreach { case (_, c) => ids.addObject.put("id", c.least).put("orders", c.orders).put("frauds", c.frauds) }
      val places = known.iterator.map(_._1).zipWithIndex.toMap
      val at = new java.util.HashMap[VertexId, (Int, Int)]
      val things = ring.putObject("things")
      Kinds.indices.foreach { k =>
        val some = f.held.getOrElse(k + 1, Held(0, 0, 0))
        val list = things.putObject(Kinds(k)).put("count", some.things).put("shared", some.shared).put("pairs", some.pairs).putArray("ids")
        shown.getOrElse((f.ring, k + 1), Array.empty).zipWithIndex.foreach { case ((vertex, t), i) =>
          at.put(vertex, (k, i))
          list.addObject.put("id", t.id).put("customers", t.customers).put("orders", t.orders)
        }
      }
      val list = ring.putArray("links")
      links.getOrElse(f.ring, Array.empty).foreach { case (customer, thing, used) =>
        val (kind, place) = at.get(thing)
        list.addObject.put("customer", places(customer)).put("kind", Kinds(kind)).put("thing", place).put("orders", used.orders).put("firstAt", used.first).put("lastAt", used.last)
      }
      ring.put("linkCount", f.held.valuesIterator.map(h => h.pairs - (h.things - h.shared)).sum)
    }
    mapper.writeValueAsString(root)
  }
}

object Rings {
  final val MostRings = 200
  /** Ids of one kind that a ring tells. */
  final val MostIds = 100
  final val MostLinks = 400
  private final val MostCurrencies = 10
  private final val LongestId = 512
  /** What every reader of JSON can say exactly. */
  private[fraud] final val MostMinor = (1L << 53) - 1
  private val Kinds = Array("card", "device", "address")
  private val Fields = Array(Events.CardId, Events.Order.fieldIndex("deviceId"), Events.Order.fieldIndex("shippingAddressId"))
  private final val Partitions = 2
  private final val Steps = 8
  private final val DayMs = 86400000L
  /** Orders that the shop's own share of fraud weighs against the labels of a ring: one label makes no fraudsters of three customers. */
  private final val PriorOrders = 10.0
  private val mapper = new ObjectMapper

  private final case class Found(ring: VertexId, sum: Bought, held: Map[Int, Held], suspicion: Double)
  private val Ranking: Ordering[Found] = Ordering.by(f => (-f.suspicion, -f.sum.customers, f.sum.least))
  // The greatest come first.
  private val Members: Ordering[(VertexId, Bought)] = Ordering.by[(VertexId, Bought), (Long, Long)](m => (m._2.frauds, m._2.orders)).orElse(Ordering.by[(VertexId, Bought), String](_._2.least).reverse)
  private val Things: Ordering[(VertexId, Thing)] = Ordering.by[(VertexId, Thing), (Long, Long)](t => (t._2.customers, t._2.orders)).orElse(Ordering.by[(VertexId, Thing), String](_._2.id).reverse)
  private val Links: Ordering[(VertexId, VertexId, Uses)] = Ordering.by(l => (l._3.orders, l._3.last, l._1, l._2))
  private val Log: Ordering[RingOrder] = Ordering.by(o => (o.at, o.partition, o.offset))
  private val ByTime: Ordering[RingLabel] = Ordering.by(l => (l.at, l.event))

  /**
   * How suspicious a ring is, about the share of its orders that is fraud times how its cards and devices go round. The labels count with the
   * shop's own share `base` as prior. A household has one address, and cards and phones of each member: about one customer each.
   */
  private def suspicion(sum: Bought, held: Map[Int, Held], base: Double): Double = (sum.frauds + PriorOrders * base) / (sum.orders + PriorOrders) * sharing(held)

  /** Customers per card or device; 1 where there are none. */
  private def sharing(held: Map[Int, Held]): Double = {
    val told = Seq(1, 2).flatMap(held.get)
    if (told.isEmpty) 1.0 else told.map(_.pairs).sum.toDouble / told.map(_.things).sum
  }

  private def vertex(kind: Int, id: String): VertexId = { val text = UTF8String.fromString(id); XXH64.hashUnsafeBytes(text.getBaseObject, text.getBaseOffset, text.numBytes, kind.toLong) }

  /** Null also for what cannot be stored, and is no id of a shop's. */
  private def id(value: Any): String = { val told = text(value); if (told == null || told.isEmpty || told.length > LongestId || told.indexOf(0) >= 0) null else told }

  private def text(value: Any): String = if (value == null) null else value.toString

  private def orderOf(event: Array[Any], partition: Int, offset: Long): Option[RingOrder] =
    if (text(event(Events.EventType)) != "PLACED" || id(event(Events.CustomerId)) == null) None
    else Some(RingOrder(Hashes.of(event(Events.OrderId)), event(Events.OccurredAt).asInstanceOf[Long], partition, offset, id(event(Events.CustomerId)),
      Fields.map(field => id(event(field))), text(event(Events.Currency)), math.min(event(Events.TotalMinor).asInstanceOf[Long], MostMinor)))

  private def labelOf(event: Array[Any]): RingLabel = RingLabel(Hashes.of(event(Events.LabelOrder)), text(event(Events.EventType)), event(Events.OccurredAt).asInstanceOf[Long],
    text(event(Events.EventId)), event(Events.LabelFraud) == true)
}
