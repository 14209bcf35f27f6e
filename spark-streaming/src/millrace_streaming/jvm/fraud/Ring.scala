package io.millrace.streaming.fraud

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
 * orders of each entity are looked at, and only those of the window, which ends before the order: so the walk is a function of the events up to
 * then. Not thread-safe.
 */
private[fraud] final class RingWalk(features: Features, facts: Facts) {
  private val customer = features.kind("customer")
  private val things = Array("card", "device", "address").map(features.kind)
  private val address = features.kind("address")
  private val customers = new Array[Entity](RingWalk.MostCustomers)
  private val users = new Array[Entity](RingWalk.MostShared)
  private var found = 0
  private var devicesAndCards = 0
  private var walk = 0L

  def of(m: Moment, window: Span): Ring = {
    walk = facts.stamp()
    found = 0
    devicesAndCards = 0
    add(facts.entity(m.ref, customer))
    var (hop, from, until) = (0, 0, found)
    visit(m.ref, window)
    while (hop < RingWalk.Hops && from < until) {
      while (from < until && found < customers.length) { visitAll(customers(from).placed, window); from += 1 }
      until = found
      hop += 1
    }
    val lag = m.time - window.finish
    var (i, orders, frauds) = (0, 0, 0)
    while (i < found) {
      val e = customers(i)
      orders += e.placed.after(window.finish) - e.placed.after(window.begin)
      frauds += features.frauds(m, e, window, lag)
      i += 1
    }
    new Ring(found, orders, frauds, devicesAndCards)
  }

  private def add(user: Entity): Unit = if (user.walked != walk && found < customers.length) { user.walked = walk; customers(found) = user; found += 1 }

  /** The things of a customer's orders, latest first. */
  private def visitAll(placed: Series, window: Span): Unit = {
    var i = placed.after(window.finish) - 1
    val least = math.max(placed.start, i + 1 - RingWalk.LookedOfCustomer)
    while (i >= least && placed.time(i) > window.begin) { visit(placed(i), window); i -= 1 }
  }

  private def visit(ref: Int, window: Span): Unit = {
    var k = 0
    while (k < things.length) {
      val thing = facts.entity(ref, things(k))
      if (thing != null && thing.walked != walk) {
        thing.walked = walk
        val n = usersOf(thing.placed, window)
        if (n <= RingWalk.MostShared) {
          if (things(k) != address) devicesAndCards += 1
          var i = 0
          while (i < n) { add(users(i)); i += 1 }
        }
      }
      k += 1
    }
  }

  /** Fills `users`, latest first; returns how many there are, of a hub more than fit. */
  private def usersOf(placed: Series, window: Span): Int = {
    val stamp = facts.stamp()
    var i = placed.after(window.finish) - 1
    val least = math.max(placed.start, i + 1 - RingWalk.LookedOfThing)
    var n = 0
    while (i >= least && placed.time(i) > window.begin) {
      val user = facts.entity(placed(i), customer)
      if (user.counted != stamp) {
        if (n == users.length) return n + 1
        user.counted = stamp
        users(n) = user
        n += 1
      }
      i -= 1
    }
    n
  }
}

private object RingWalk {
  private final val Hops = 2
  /** Latest orders that are looked at: a trader's thousand lead no further than a shopper's ten. */
  private final val LookedOfCustomer = 10
  private final val LookedOfThing = 30
  private final val MostCustomers = 50
  /** As `Rings` has it, unless told otherwise. */
  private final val MostShared = 12
}
