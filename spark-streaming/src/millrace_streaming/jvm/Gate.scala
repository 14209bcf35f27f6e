package io.millrace.streaming

import java.util.concurrent.ConcurrentHashMap

import org.apache.avro.Schema
import org.apache.spark.sql.catalyst.InternalRow
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow
import org.apache.spark.sql.catalyst.util.ArrayData
import org.apache.spark.sql.types.{DataType, StructType}
import org.apache.spark.unsafe.types.UTF8String

/** What one source topic needs: its place in the contract, its compiled writer schemas, what it has seen. */
private final class TopicGate(val code: Int, val contract: Schema) {
  val compiler = new Compiler(contract)
  val plans = new ConcurrentHashMap[Int, RecordNode]
  /** Schema ids that are refused, with the detail. */
  val refused = new ConcurrentHashMap[Int, UTF8String]
  val seen = new ConcurrentHashMap[Int, SeenIds]
  /** Minutes (since 1970) below this are closed. */
  @volatile var openFrom: Long = Long.MinValue
}

/**
 * Static entry points that the query's generated code calls per record, and the driver between batches. One lane per JVM.
 * The query must run in one JVM (local mode), since what was seen lives here.
 */
object Gate {
  val MaxBytes: Int = 1024 * 1024
  private val Prefix = 4

  @volatile private var gates = new java.util.HashMap[UTF8String, TopicGate]
  @volatile private var byCode = Array.empty[TopicGate]
  @volatile private var event = new StructType

  /** Forgets everything and takes the topics (as on the broker), their contracts and the columns wanted (JSON of a struct). */
  def open(topics: java.util.List[String], contracts: java.util.List[String], eventJson: String): Unit = synchronized {
    val next = new java.util.HashMap[UTF8String, TopicGate]
    byCode = Array.tabulate(topics.size) { i =>
      val gate = new TopicGate(i, new Schema.Parser().parse(contracts.get(i)))
      next.put(UTF8String.fromString(topics.get(i)), gate)
      gate
    }
    event = DataType.fromJson(eventJson).asInstanceOf[StructType]
    gates = next
  }

  /** Takes a writer schema of the topic. Returns null, or why it cannot be read as the contract. */
  def accept(code: Int, id: Int, writer: String): String =
    try {
      val gate = byCode(code)
      gate.plans.put(id, gate.compiler.root(new Schema.Parser().parse(writer), event))
      gate.refused.remove(id)
      null
    } catch {
      case e @ (_: PlanException | _: org.apache.avro.AvroRuntimeException) =>
        refuse(code, id, s"schema $id cannot be read: ${e.getMessage}")
        e.getMessage
    }

  def refuse(code: Int, id: Int, detail: String): Unit = byCode(code).refused.put(id, UTF8String.fromString(detail))

  /** The next record with this id is asked about again. */
  def forget(code: Int, id: Int): Unit = byCode(code).refused.remove(id)

  /** Moves the watermark of a topic: minutes before `openFrom` (minutes since 1970) are closed. */
  def close(code: Int, openFrom: Long): Unit = byCode(code).openFrom = openFrom

  /** Row of [topic code, status, detail, schema id, ...event]; status is null where the event is whole, `pending` where its id is new. */
  def decode(topic: UTF8String, value: Array[Byte]): InternalRow = {
    val gate = gates.get(topic)
    val row = new Array[Any](Prefix + event.length)
    row(0) = gate.code
    row(3) = 0
    try walk(gate, value, row)
    catch {
      case e: Refusal => refusal(row, e.reason, e.detail)
      // One record never fails a batch: what the walk did not foresee is a record that cannot be decoded.
      case e: RuntimeException => refusal(row, "undecodable", s"${e.getClass.getSimpleName}: ${e.getMessage}")
      case _: StackOverflowError => refusal(row, "decode-limit", "nested too deep")
    }
    new GenericInternalRow(row)
  }

  private def refusal(row: Array[Any], reason: String, detail: String): Unit = {
    var i = Prefix
    while (i < row.length) { row(i) = null; i += 1 }
    row(1) = UTF8String.fromString(reason)
    row(2) = UTF8String.fromString(detail)
  }

  private def walk(gate: TopicGate, value: Array[Byte], row: Array[Any]): Unit = {
    if (value == null) throw Refusal.undecodable("the value is null")
    if (value.length > MaxBytes) throw new Refusal("too-large", s"${value.length} bytes, ${MaxBytes} are allowed")
    if (value.length < Cursor.HeaderBytes) throw Refusal.undecodable(s"${value.length} bytes are no header")
    if (value(0) != 0) throw Refusal.undecodable(s"magic byte ${value(0) & 0xff}")
    val id = ((value(1) & 0xff) << 24) | ((value(2) & 0xff) << 16) | ((value(3) & 0xff) << 8) | (value(4) & 0xff)
    row(3) = id
    val plan = gate.plans.get(id)
    if (plan == null) {
      val known = gate.refused.get(id)
      if (known == null) { row(1) = Pending; row(2) = null }
      else { row(1) = UnknownSchema; row(2) = known }
      return
    }
    val cursor = new Cursor(value, Cursor.HeaderBytes)
    val fields = plan.read(cursor).asInstanceOf[GenericInternalRow].values
    if (cursor.remaining > 0) throw Refusal.undecodable(s"${cursor.remaining} bytes after the event")
    if (cursor.violation != null) throw new Refusal("invalid", cursor.violation)
    System.arraycopy(fields, 0, row, Prefix, fields.length)
  }

  private val Pending = UTF8String.fromString("pending")
  private val UnknownSchema = UTF8String.fromString("unknown-schema")

  val Counts = 0
  val Duplicate = 1
  val Late = 2

  /** 0: counts; 1: a lower offset of this partition has the same id; 2: its minute is closed. The same answer however often it is asked. */
  def admit(code: Int, partition: Int, offset: Long, eventId: UTF8String, minute: Long): Int = {
    val gate = byCode(code)
    if (minute < gate.openFrom) Late
    else {
      var seen = gate.seen.get(partition)
      if (seen == null) seen = gate.seen.computeIfAbsent(partition, _ => new SeenIds)
      if (seen.isRepeated(SeenIds.hash(eventId), offset, minute, gate.openFrom)) Duplicate else Counts
    }
  }

  /** The lines of an order as cells; see [[Lines]]. */
  def lines(lines: ArrayData, currency: UTF8String, lineKind: Int, categoryKind: Int): ArrayData =
    Lines.cells(lines, currency, lineKind, categoryKind)

  /** Ids held for duplicates, over all partitions. */
  def remembered(): Long = {
    var n = 0L
    byCode.foreach(_.seen.values.forEach(s => n += s.held))
    n
  }
}
