package io.millrace.streaming.fraud

import scala.collection.mutable

import org.apache.spark.sql.catalyst.util.ArrayData
import org.apache.spark.unsafe.types.UTF8String

/**
 * The feature state of one lane: takes events in any order and computes, for each order placed, its features: a function of the events
 * up to its event time, whatever the order of their arrival. An event that comes after an order it should have come before has that
 * order computed again, if it is no older than `reviseMs` against the newest of the slowest partition. Taking an event again changes nothing; after a restart it has the
 * orders computed again that it may have changed, since nobody knows whether those scores had been written. An event so late that it counts for
 * what nearly all orders share has them all computed again, but not for each such event: `settle` does it.
 * Not thread-safe: FraudQuery holds the lock.
 */
final class FraudState(val features: Features, reviseMs: Long, mostFacts: Int, journal: Journal) {
  private val kinds = features.kinds
  private val facts = new Facts(kinds.length)
  private val entities: Array[mutable.LongMap[Entity]] = Array.fill(kinds.length)(new mutable.LongMap[Entity])
  /** Placed orders by the hash of their id. */
  private val orders = new mutable.LongMap[Int]
  /** Refusals and refunds by the hash of their event's id. */
  private val others = new mutable.LongMap[Int]
  private val sessions = new mutable.LongMap[Session]
  /** Labels whose order is not here yet. */
  private val waiting = new mutable.LongMap[FraudState.Label]
  /** Newest event time by partition of the orders. */
  private val newest = new mutable.LongMap[Long]
  /** Event time and next ref at the last sweep. */
  private var sweptAt = 0L
  private var sweptRef = 0
  private val customer = features.kind("customer")
  private val line = kinds.indexWhere(_.ofLine)
  private val grounds = new Grounds(features, facts)
  private val walk = new RingWalk(features, facts)
  private val recents = new Recents(facts, compute)

  def factsHeld: Int = facts.size
  def entitiesHeld: Int = entities.map(_.size).sum
  def sessionsHeld: Int = sessions.size
  /** Orders whose window was cut short because `mostFacts` was reached. */
  var forgotten = 0L
  def revisions: Long = recents.revisions

  /**
   * Notes how far event time was where the query goes on: the journal is further. `until`: next offset to score by partition of the orders.
   * Returns by partition the offset from which orders may still be changed by a late event; Long.MaxValue where none may.
   */
  private[fraud] def resume(until: Array[Long]): Array[Long] = {
    def done(c: Chunk, i: Int): Boolean = c.partition(i) < until.length && c.offset(i) < until(c.partition(i))
    facts.first until facts.next foreach { ref =>
      val (c, i) = (facts.chunk(ref), facts.slot(ref))
      if (done(c, i)) advance(c.partition(i), c.time(i))
    }
    val horizon = slowest - reviseMs
    val lowest = Array.fill(until.length)(Long.MaxValue)
    var (ref, n) = (facts.next - 1, 0)
    while (ref >= facts.first && n < Recents.Most) {
      val (c, i) = (facts.chunk(ref), facts.slot(ref))
      if (done(c, i)) {
        n += 1
        if (c.time(i) >= horizon) lowest(c.partition(i)) = math.min(lowest(c.partition(i)), c.offset(i))
      }
      ref -= 1
    }
    lowest
  }

  /** An event of the source. Orders placed, and those that it changes, are given to `emit`, some only at the next `settle`; null only remembers. */
  def take(source: Int, partition: Int, offset: Long, event: Array[Any], emit: Computed => Unit): Unit = {
    source match {
      case Source.Orders => takeOrder(partition, offset, event, emit)
      case Source.Clicks => takeClick(partition, offset, event, emit)
      case _ => takeLabel(partition, offset, event, emit)
    }
    recents.settleInTime(emit)
  }

  /** Computes again what very late events have left to do. To be called when a batch ends. */
  def settle(emit: Computed => Unit): Unit = recents.settle(emit)

  private def takeOrder(partition: Int, offset: Long, event: Array[Any], emit: Computed => Unit): Unit = {
    val factType = FraudState.factType(event(Events.EventType).asInstanceOf[UTF8String])
    if (factType < 0) return
    val order = Hashes.of(event(Events.OrderId))
    val id = Hashes.of(event(Events.EventId))
    val known = if (factType == FactType.Placed) orders.getOrElse(order, -1) else others.getOrElse(id, -1)
    if (known >= 0) {
      // A record that is read again after a restart is scored again; a copy of it elsewhere in the log is not.
      val (c, i) = (facts.chunk(known), facts.slot(known))
      if (c.partition(i) == partition && c.offset(i) == offset) {
        if (factType == FactType.Placed) { attend(event, known); score(known, event, emit) }
        revise(known, c.time(i), emit, onlyUntold = true)
        see(partition, c.time(i))
      }
      return
    }
    val ref = facts.add()
    val (c, i) = (facts.chunk(ref), facts.slot(ref))
    c.time(i) = event(Events.OccurredAt).asInstanceOf[Long]
    c.amount(i) = event(Events.TotalMinor).asInstanceOf[Long]
    c.order(i) = order; c.event(i) = id
    c.partition(i) = partition.toByte; c.offset(i) = offset
    c.factType(i) = factType.toByte
    name(event, c, i)
    if (journal != null) journal.fact(c, i)
    index(ref)
    if (factType == FactType.Placed) {
      attend(event, ref)
      val label = waiting.remove(order)
      label.foreach(l => mark(ref, l))
      score(ref, event, emit)
    }
    revise(ref, c.time(i), emit, onlyUntold = false)
    see(partition, c.time(i))
  }

  /** Notes whose fact it is. A refund is the customer's doing. */
  private def name(event: Array[Any], c: Chunk, i: Int): Unit = {
    var k = 0
    while (k < kinds.length) {
      if (c.factType(i) != FactType.Refund || k == customer) {
        if (kinds(k).ofAll) c.entities(k)(i) = entity(k, FraudState.Everything)
        else if (!kinds(k).ofLine) c.entities(k)(i) = entity(k, Hashes.of(event(kinds(k).field)))
        else {
          val ids = FraudState.lineIds(event(Events.Lines).asInstanceOf[ArrayData], kinds(k).field)
          if (ids.length > 0) c.entities(k)(i) = entity(k, ids(0))
          if (ids.length > 1) c.more(i) = ids.drop(1).map(entity(k, _))
        }
      }
      k += 1
    }
  }

  private def takeClick(partition: Int, offset: Long, event: Array[Any], emit: Computed => Unit): Unit = {
    val session = event(Events.ClickSession)
    if (session == null) return
    val at = event(Events.OccurredAt).asInstanceOf[Long]
    val (id, eventId, clickType) = (Hashes.of(session), Hashes.of(event(Events.EventId)), Events.clickType(event(Events.EventType).asInstanceOf[UTF8String]))
    val news = click(id, partition, offset, at, eventId, clickType)
    if (news && journal != null) journal.click(id, partition, offset, at, eventId, clickType)
    val placed = sessions(id).orders
    var i = 0
    while (i < placed.length) { if (facts.holds(placed(i)) && facts.time(placed(i)) >= at) recents.affect(placed(i)); i += 1 }
    recents.again(emit, onlyUntold = !news)
  }

  private def takeLabel(partition: Int, offset: Long, event: Array[Any], emit: Computed => Unit): Unit = {
    if (event(Events.LabelFraud) != true) return
    val at = event(Events.OccurredAt).asInstanceOf[Long]
    val order = Hashes.of(event(Events.LabelOrder))
    val news = label(order, FraudState.Label(at, partition.toByte, offset))
    if (news && journal != null) journal.label(order, at, partition, offset)
    orders.get(order).foreach(ref => revise(ref, at, emit, onlyUntold = !news))
  }

  // ---- what the journal gives back

  private[fraud] def restoreFact(fill: (Chunk, Int) => Unit): Unit = {
    val ref = facts.add()
    val (c, i) = (facts.chunk(ref), facts.slot(ref))
    fill(c, i)
    if (if (c.factType(i) == FactType.Placed) orders.contains(c.order(i)) else others.contains(c.event(i))) throw new JournalException("a fact twice")
    index(ref)
    waiting.remove(c.order(i)).foreach(mark(ref, _))
  }

  private[fraud] def label(order: Long, label: FraudState.Label): Boolean = orders.get(order) match {
    case Some(ref) => mark(ref, label)
    case None =>
      val sooner = waiting.get(order).forall(_.at > label.at)
      if (sooner) waiting(order) = label
      sooner
  }

  private[fraud] def click(session: Long, partition: Int, offset: Long, at: Long, event: Long, clickType: Byte): Boolean =
    visit(session).add(at, event, clickType, partition.toByte, offset)

  // ----

  private def visit(id: Long): Session = sessions.getOrElseUpdate(id, new Session)

  /** Notes that the order was placed in its visit, whose clicks may come later. */
  private def attend(order: Array[Any], ref: Int): Unit = {
    val session = order(Events.SessionId)
    if (session != null) {
      val own = visit(Hashes.of(session))
      if (!own.orders.contains(ref)) own.orders :+= ref
    }
  }

  private def index(ref: Int): Unit = {
    val (c, i) = (facts.chunk(ref), facts.slot(ref))
    val factType = c.factType(i)
    if (factType == FactType.Placed) orders(c.order(i)) = ref else others(c.event(i)) = ref
    each(ref)((_, entity) => entity.of(factType).insert(ref))
  }

  /** Null for no id. */
  private[fraud] def entity(kind: Int, id: Long): Entity = if (id == 0) null else entities(kind).getOrElseUpdate(id, new Entity(facts, id))

  private[fraud] def lineEntity(id: Long): Entity = entity(line, id)

  /** The entities that a fact is of. */
  private def each(ref: Int)(f: (Int, Entity) => Unit): Unit = {
    val (c, i) = (facts.chunk(ref), facts.slot(ref))
    var k = 0
    while (k < kinds.length) {
      val entity = c.entities(k)(i)
      if (entity != null) f(k, entity)
      if (k == line && c.more(i) != null) c.more(i).foreach(f(k, _))
      k += 1
    }
  }

  /** Notes the sooner label. False where it was known. */
  private def mark(ref: Int, label: FraudState.Label): Boolean = {
    val (c, i) = (facts.chunk(ref), facts.slot(ref))
    if (c.fraudAt(i) <= label.at) return false
    c.fraudAt(i) = label.at; c.labelPartition(i) = label.partition; c.labelOffset(i) = label.offset
    each(ref)((_, entity) => entity.labelled.insert(ref))
    true
  }

  /** Computes again the orders that should have known the fact or label of `at`; `onlyUntold`: those that this process has told no score of. */
  private def revise(ref: Int, at: Long, emit: Computed => Unit, onlyUntold: Boolean): Unit = {
    val reached = latest
    each(ref) { (k, entity) =>
      val countsAt = at + kinds(k).lagMs
      if (kinds(k).lagMs == 0) later(entity, ref, at) else if (emit != null && countsAt <= reached) recents.due(countsAt, onlyUntold)
    }
    recents.again(emit, onlyUntold)
  }

  private def later(entity: Entity, ref: Int, at: Long): Unit = {
    val series = entity.placed
    var i = series.end - 1
    // From the newest back: mostly the first is already before it.
    while (i >= series.start && series.time(i) >= at && series(i) != ref) { recents.affect(series(i)); i -= 1 }
  }

  private def score(ref: Int, order: Array[Any], emit: Computed => Unit): Unit = {
    val recent = recents.of(ref, order, slowest - reviseMs, emit)
    if (emit != null) {
      val computed = compute(ref, order)
      recent.revision = computed.revision
      emit(computed)
    }
  }

  private def compute(ref: Int, order: Array[Any]): Computed = {
    val (c, slot) = (facts.chunk(ref), facts.slot(ref))
    val mine = new Array[Array[Entity]](kinds.length)
    var k = 0
    while (k < kinds.length) {
      val entity = c.entities(k)(slot)
      mine(k) = if (entity == null) FraudState.NoEntities else if (k == line && c.more(slot) != null) entity +: c.more(slot) else FraudState.only(entity)
      k += 1
    }
    val clicks = order(Events.SessionId) match { case null => null; case id => sessions.getOrNull(Hashes.of(id)) }
    val m = new Moment(features, facts, walk, clicks, order, ref, mine)
    val evidence = grounds.evidence(m, c.partition(slot), c.offset(slot))
    new Computed(order, c.partition(slot), c.offset(slot), 1 + grounds.known(m), features.row(m), grounds.linked(m), evidence)
  }

  /** Newest event time of the partition that is furthest behind. One without orders for a day is not behind, it has none. */
  private def slowest: Long = {
    var (least, most) = (Long.MaxValue, Long.MinValue)
    newest.foreachValue { t => least = math.min(least, t); most = math.max(most, t) }
    if (newest.isEmpty) Long.MaxValue else math.max(least, most - Features.DayMs)
  }

  private def latest: Long = { var most = Long.MinValue; newest.foreachValue(t => most = math.max(most, t)); most }

  private def advance(partition: Int, at: Long): Unit = if (at > newest.getOrElse(partition, Long.MinValue)) newest(partition) = at

  /** Notes event time, and now and then forgets what no window reaches any more. */
  private def see(partition: Int, at: Long): Unit = {
    advance(partition, at)
    // A backlog takes days of event time in a second: nothing to sweep for.
    if (facts.next - sweptRef >= FraudState.SweepFacts && at - sweptAt > FraudState.SweepMs) { sweptAt = at; sweptRef = facts.next; sweep() }
  }

  /** Orders of up to `reviseMs` ago may still be computed again, with all that their windows reach. */
  private def sweep(): Unit = {
    val revised = slowest - reviseMs
    val (kept, visits) = (revised - features.keptMs, revised - FraudState.SessionMs)
    sessions.filterInPlace((_, session) => session.last >= visits || session.orders.exists(recents.holds))
    while (facts.eldest.exists(_.time.forall(_ < kept))) drop(facts.eldest.get)
    while (facts.size > mostFacts && facts.eldest.isDefined) { forgotten += Facts.ChunkSize; drop(facts.eldest.get) }
    waiting.filterInPlace((_, label) => label.at >= kept)
    if (journal != null) journal.forget(kept, visits)
  }

  private def drop(chunk: Chunk): Unit = {
    facts.dropOldest()
    var i = 0
    while (i < Facts.ChunkSize) {
      if (chunk.factType(i) == FactType.Placed) orders -= chunk.order(i) else others -= chunk.event(i)
      var k = 0
      while (k < kinds.length) {
        forget(k, chunk.entities(k)(i))
        if (k == line && chunk.more(i) != null) chunk.more(i).foreach(forget(k, _))
        k += 1
      }
      i += 1
    }
  }

  private def forget(kind: Int, entity: Entity): Unit = if (entity != null) {
    entity.trim()
    if (entity.isEmpty) entities(kind) -= entity.id
  }
}

private[fraud] object FraudState {
  /** A sooner label replaces a later one. */
  final case class Label(at: Long, partition: Byte, offset: Long)

  /** A visit without clicks for so long is forgotten: no order that is less than an hour late wants it. */
  final val SessionMs: Long = Session.LongestMs + 3600000L
  /** Hash of the one id of an entity that is every order's. */
  final val Everything = 1L
  private final val SweepMs = 600000L
  private final val SweepFacts = 4096
  private val NoEntities = Array.empty[Entity]
  private def only(entity: Entity): Array[Entity] = { val one = new Array[Entity](1); one(0) = entity; one }

  private val types = Map("PLACED" -> FactType.Placed, "PAYMENT_DECLINED" -> FactType.Declined, "REFUNDED" -> FactType.Refund,
    "RETURNED" -> FactType.Refund, "CANCELLED" -> FactType.Refund).map { case (name, t) => UTF8String.fromString(name) -> t.toInt }
  def factType(name: UTF8String): Int = types.getOrElse(name, -1)

  private def lineIds(lines: ArrayData, field: Int): Array[Long] = {
    val n = if (lines == null) 0 else lines.numElements
    if (n == 0) Array.emptyLongArray
    else Array.tabulate(n)(i => Hashes.of(lines.getStruct(i, Events.Line.length).getUTF8String(field))).distinct.filter(_ != 0)
  }
}
