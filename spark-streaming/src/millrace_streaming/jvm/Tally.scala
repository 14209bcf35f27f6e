package io.millrace.streaming

import java.util.{Arrays, HashMap, HashSet, Objects}

import scala.collection.mutable.ArrayBuffer

import org.apache.spark.sql.catalyst.InternalRow
import org.apache.spark.sql.catalyst.expressions.{GenericInternalRow, XXH64}
import org.apache.spark.sql.catalyst.util.ArrayData
import org.apache.spark.sql.types._
import org.apache.spark.unsafe.types.UTF8String

/** What makes cells equal. One is used as a probe and copied when it is new. */
private final class Key(var kind: Int, var minute: Long, var s1: UTF8String, var s2: UTF8String, var s3: UTF8String, var h: Long) {
  override def hashCode: Int = {
    var hash = kind * 31 + java.lang.Long.hashCode(minute)
    hash = hash * 31 + Objects.hashCode(s1)
    hash = hash * 31 + Objects.hashCode(s2)
    hash = hash * 31 + Objects.hashCode(s3)
    hash * 31 + java.lang.Long.hashCode(h)
  }
  override def equals(other: Any): Boolean = other match {
    case k: Key => kind == k.kind && minute == k.minute && h == k.h && Objects.equals(s1, k.s1) && Objects.equals(s2, k.s2) && Objects.equals(s3, k.s3)
    case _ => false
  }
  /** Texts of its own: a probe's are windows into the record. */
  def kept: Key = new Key(kind, minute, copied(s1), copied(s2), copied(s3), h)
  private def copied(text: UTF8String): UTF8String = if (text == null) null else text.copy()
}

/** Equal cells: their number, their sums, the first and last offset behind them, and their entities. */
private final class Total {
  var n = 0L
  val sums = new Array[Long](3)
  /** Bit i: a summand i was there. */
  var said = 0
  var lo = Long.MaxValue
  var hi = Long.MinValue
  private var entities: Array[Long] = null
  private var held = 0

  def count(offset: Long): Unit = { n += 1; if (offset < lo) lo = offset; if (offset > hi) hi = offset }

  def entity(hash: Long): Unit = {
    if (entities == null) entities = new Array[Long](8)
    if (held == entities.length) entities = Arrays.copyOf(entities, held * 2)
    entities(held) = hash
    held += 1
  }

  /** Hashes as 64-bit little-endian numbers, with repetitions. */
  def hashes: Array[Byte] = {
    if (entities == null) return null
    val buffer = java.nio.ByteBuffer.allocate(held * 8).order(java.nio.ByteOrder.LITTLE_ENDIAN)
    buffer.asLongBuffer.put(entities, 0, held)
    buffer.array
  }
}

/** One partition's records: decodes, judges, and adds equal cells together. */
private final class PartitionTally(gate: TopicGate, plan: Plan, partition: Int, now: Long) {
  private val totals = new HashMap[Key, Total]
  private val single = new ArrayBuffer[InternalRow]
  private val read = new Total
  private val probe = new Key(0, 0, null, null, null, 0)
  private val primaries = plan.primaries(gate.code)
  private val others = plan.others(gate.code)

  def take(offset: Long, timeMs: Long, value: Array[Byte]): Unit = {
    read.count(offset)
    val event = try gate.read(value)
    catch {
      case e: Refusal => return dead(offset, e.reason, e.detail)
      case e: UnknownSchema => return count(offset, plan.pending, e.id)
      // One record never fails a batch: what the walk did not foresee is a record that cannot be decoded.
      case e: RuntimeException => return dead(offset, "undecodable", s"${e.getClass.getSimpleName}: ${e.getMessage}")
      case _: StackOverflowError => return dead(offset, "decode-limit", "nested too deep")
    }
    val at = event(plan.occurredAt).asInstanceOf[Long]
    // A record without a time of its own is held against the clock.
    val ahead = at - (if (timeMs > 0) math.min(timeMs, now) else now)
    if (at < plan.earliestMs) dead(offset, "event-time", s"$at ms is before 2000-01-01")
    else if (ahead > plan.aheadMs) dead(offset, "event-time", s"$ahead ms ahead of the broker")
    else {
      // Only a whole event may be remembered by its id: a bad first copy must not hide a good second one.
      val minute = Math.floorDiv(at, 60000L)
      gate.admit(partition, offset, event(plan.eventId).asInstanceOf[UTF8String], minute) match {
        case Gate.Counts => spread(event, offset, at, minute)
        case Gate.Duplicate => count(offset, plan.duplicate, 0)
        case _ => single += row(plan.late, 0, null, null, null, null, null, 1, null, null, null, offset, offset)
      }
    }
  }

  private def spread(event: Array[Any], offset: Long, at: Long, minute: Long): Unit = {
    var i = 0
    while (i < primaries.length && !primaries(i).applies(event, null)) i += 1
    if (i < primaries.length) add(primaries(i), event, null, offset, at, minute)
    else total(plan.plain, minute, null, null, null, 0).count(offset)
    i = 0
    while (i < others.length) {
      val cell = others(i)
      if (cell.items >= 0) each(cell, event, offset, at, minute)
      else if (cell.applies(event, null)) add(cell, event, null, offset, at, minute)
      i += 1
    }
  }

  private def each(cell: CellPlan, event: Array[Any], offset: Long, at: Long, minute: Long): Unit = {
    val items = event(cell.items).asInstanceOf[ArrayData]
    val n = if (items == null) 0 else items.numElements
    val told = if (cell.once && n > 1) new HashSet[Seq[UTF8String]] else null
    var i = 0
    while (i < n) {
      val item = items.getStruct(i, 0).asInstanceOf[GenericInternalRow].values
      if (cell.applies(event, item) && (told == null || told.add(cell.texts.toSeq.map(_.of(event, item))))) add(cell, event, item, offset, at, minute)
      i += 1
    }
  }

  private def add(cell: CellPlan, event: Array[Any], item: Array[Any], offset: Long, at: Long, minute: Long): Unit = {
    def text(i: Int): UTF8String = if (i < cell.texts.length) cell.texts(i).of(event, item) else null
    if (cell.alone) {
      def sum(i: Int): Any = if (i < cell.sums.length && cell.sums(i).present(event, item)) cell.sums(i).of(event, item) else null
      single += row(cell.kind, minute, text(0), text(1), text(2), if (cell.time) at else null, null, 1, sum(0), sum(1), sum(2), offset, offset)
    } else {
      val total = this.total(cell.kind, minute, text(0), text(1), text(2), 0)
      total.count(offset)
      if (cell.entity != null) total.entity(Tally.entity(cell.entity.of(event, item).asInstanceOf[UTF8String]))
      var i = 0
      while (i < cell.sums.length) {
        if (cell.sums(i).present(event, item)) { total.sums(i) += cell.sums(i).of(event, item); total.said |= 1 << i }
        i += 1
      }
    }
  }

  private def total(kind: Int, minute: Long, s1: UTF8String, s2: UTF8String, s3: UTF8String, h: Long): Total = {
    probe.kind = kind; probe.minute = minute; probe.s1 = s1; probe.s2 = s2; probe.s3 = s3; probe.h = h
    val known = totals.get(probe)
    if (known != null) known
    else { val made = new Total; totals.put(probe.kept, made); made }
  }

  private def count(offset: Long, kind: Int, h: Long): Unit = total(kind, 0, null, null, null, h).count(offset)

  private def dead(offset: Long, reason: String, detail: String): Unit =
    single += row(plan.dead, 0, UTF8String.fromString(reason), UTF8String.fromString(detail), null, null, null, 1, null, null, null, offset, offset)

  private def row(kind: Int, minute: Long, s1: Any, s2: Any, s3: Any, h: Any, hashes: Any, n: Long, a: Any, b: Any, c: Any, lo: Long, hi: Long): InternalRow =
    new GenericInternalRow(Array[Any](gate.code, partition, kind, minute, s1, s2, s3, h, hashes, n, a, b, c, lo, hi))

  def rows: Iterator[InternalRow] = {
    val added = new ArrayBuffer[InternalRow](totals.size + 1)
    added += row(plan.read, 0, null, null, null, null, null, read.n, null, null, null, read.lo, read.hi)
    totals.forEach { (k, t) =>
      def sum(i: Int): Any = if ((t.said & (1 << i)) != 0) t.sums(i) else null
      val h: Any = if (k.kind == plan.pending) k.h else null
      added += row(k.kind, k.minute, k.s1, k.s2, k.s3, h, t.hashes, t.n, sum(0), sum(1), sum(2), t.lo, t.hi)
    }
    added.iterator ++ single.iterator
  }
}

/**
 * From raw Kafka records to cells, added up within each partition; the columns are those of cells.py. Plain loops over primitive
 * totals: the same in Spark's own expressions (array of structs, explode, group by nine columns) took three times the CPU.
 */
object Tally {
  val Columns: StructType = new StructType()
    .add("t", IntegerType, false).add("p", IntegerType, false).add("kind", IntegerType, false).add("minute", LongType, false)
    .add("s1", StringType).add("s2", StringType).add("s3", StringType).add("h", LongType).add("hs", BinaryType).add("n", LongType, false)
    .add("a", LongType).add("b", LongType).add("c", LongType).add("lo", LongType, false).add("hi", LongType, false)

  /** 64 bits that stand for an id: one in 2^64 of colliding, an eighth of the memory. */
  def entity(id: UTF8String): Long = XXH64.hashUnsafeBytes(id.getBaseObject, id.getBaseOffset, id.numBytes, 42L)

  /** The places of Kafka's columns in a record's row. */
  final case class Places(topic: Int, partition: Int, offset: Int, timestamp: Int, value: Int)

  def run(records: Iterator[InternalRow], at: Places): Iterator[InternalRow] = {
    val tallies = new HashMap[(Int, Int), PartitionTally]
    val now = System.currentTimeMillis
    var (gate, partition, tally) = (null: TopicGate, -1, null: PartitionTally)
    while (records.hasNext) {
      val record = records.next()
      val topic = record.getUTF8String(at.topic)
      val p = record.getInt(at.partition)
      if (tally == null || p != partition || topic != gate.topic) {
        gate = Gate.of(topic)
        partition = p
        tally = tallies.computeIfAbsent((gate.code, p), _ => new PartitionTally(gate, Gate.plan, p, now))
      }
      val value = if (record.isNullAt(at.value)) null else record.getBinary(at.value)
      tally.take(record.getLong(at.offset), Math.floorDiv(record.getLong(at.timestamp), 1000L), value)
    }
    val all = new ArrayBuffer[PartitionTally]
    tallies.forEach((_, one) => all += one)
    all.iterator.flatMap(_.rows)
  }
}
