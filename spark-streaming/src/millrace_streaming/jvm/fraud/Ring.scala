package io.millrace.streaming.fraud

import java.util.Arrays

import scala.collection.mutable

/** Whom an order's customer is linked with over shared cards, devices and addresses: its part of the graph that `Rings` reports on. */
private[fraud] final class Ring(val customers: Int, val orders: Int, val frauds: Int, val devicesAndCards: Int)

private[fraud] object Ring {
  def count(of: String): ToDoubleOf = of match {
    case "customers" => _.customers
    case "orders" => _.orders
    case "frauds" => _.frauds
    case "crowding" => ring => if (ring.devicesAndCards == 0) Double.NaN else ring.customers.toDouble / ring.devicesAndCards
    case other => throw new IllegalArgumentException(s"a ring has no $other")
  }
}

/** A function of Scala's would box the number. */
private[fraud] trait ToDoubleOf { def apply(ring: Ring): Double }

/**
 * Walks from an order over the things that it and its customer's orders used to the other customers of those, and once more from them: `Hops`
 * hops, `MostCustomers` customers at most, nearest first. A thing of more than `MostShared` customers is a hub and leads nowhere. Only the last
 * orders of each entity count (Features.Looked), and only those of the window, which ends before the order: so the walk is a function of the
 * events up to then. Not thread-safe.
 */
private[fraud] final class RingWalk(features: Features, facts: Facts, entities: Array[mutable.LongMap[Entity]]) {
  private val customer = features.kind("customer")
  private val things = Array("card", "device", "address").map(features.kind)
  private val address = features.kind("address")
  private val customers = new Array[Long](RingWalk.MostCustomers)
  private var found = 0
  private val visited = new mutable.HashSet[(Int, Long)]
  private val users = new Array[Long](RingWalk.MostShared + 1)
  private var devicesAndCards = 0

  def of(m: Moment, window: Span): Ring = {
    visited.clear()
    found = 0
    devicesAndCards = 0
    add(facts.entity(m.ref, customer))
    var (hop, from, until) = (0, 0, found)
    visit(m.ref, window)
    while (hop < RingWalk.Hops && from < until) {
      while (from < until) { eachOrder(customer, customers(from), window)(visit(_, window)); from += 1 }
      until = found
      hop += 1
    }
    var (i, orders, frauds) = (0, 0, 0)
    while (i < found) {
      val e = entities(customer).getOrNull(customers(i))
      if (e != null) {
        orders += e.placed.after(window.finish) - e.placed.after(window.begin)
        if (e.frauds != null) {
          var k = e.frauds.after(window.begin)
          while (k < e.frauds.end && e.frauds.time(k) <= window.finish) { if (facts.fraudAt(e.frauds(k)) <= window.finish) frauds += 1; k += 1 }
        }
      }
      i += 1
    }
    new Ring(found, orders, frauds, devicesAndCards)
  }

  private def add(id: Long): Unit = {
    var i = 0
    while (i < found) { if (customers(i) == id) return; i += 1 }
    if (found < customers.length) { customers(found) = id; found += 1 }
  }

  /** The things of an order. */
  private def visit(ref: Int, window: Span): Unit = things.foreach { kind =>
    val id = facts.entity(ref, kind)
    if (id != 0 && visited.add((kind, id))) {
      var n = 0
      eachOrder(kind, id, window) { order =>
        if (n < users.length) {
          val user = facts.entity(order, customer)
          var i = 0
          while (i < n && users(i) != user) i += 1
          if (i == n) { users(n) = user; n += 1 }
        }
      }
      if (n <= RingWalk.MostShared) {
        if (kind != address) devicesAndCards += 1
        Arrays.stream(users, 0, n).forEach(add)
      }
    }
  }

  /** The entity's last orders of the window, oldest first. */
  private def eachOrder(kind: Int, id: Long, window: Span)(f: Int => Unit): Unit = {
    val e = entities(kind).getOrNull(id)
    if (e != null) {
      val until = e.placed.after(window.finish)
      var i = math.max(e.placed.after(window.begin), until - Features.Looked)
      while (i < until) { f(e.placed(i)); i += 1 }
    }
  }
}

private object RingWalk {
  private final val Hops = 2
  private final val MostCustomers = 100
  /** As `Rings` has it, unless told otherwise. */
  private final val MostShared = 12
}
