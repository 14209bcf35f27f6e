package io.millrace.streaming

import java.util.concurrent.ConcurrentHashMap

import org.apache.avro.Schema
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow
import org.apache.spark.unsafe.types.UTF8String

/** The writer schema is not known yet: the driver asks the registry. */
private[streaming] final class UnknownSchema(val id: Int) extends RuntimeException(null, null, false, false)

/** What one source topic needs: its place in the contract, its compiled writer schemas, what it has seen. */
private[streaming] final class TopicGate(val topic: UTF8String, val code: Int, val contract: Schema) {
  val compiler = new Compiler(contract)
  val plans = new ConcurrentHashMap[Int, RecordNode]
  /** Schema ids that are refused, with the detail. */
  val refused = new ConcurrentHashMap[Int, String]
  val seen = new ConcurrentHashMap[Int, SeenIds]
  /** Minutes (since 1970) below this are closed. */
  @volatile var openFrom: Long = Long.MinValue

  /** Fields of the event, in the plan's order. Throws Refusal, UnknownSchema, and what the walk did not foresee. */
  def read(value: Array[Byte]): Array[Any] = {
    if (value == null) throw Refusal.undecodable("the value is null")
    if (value.length > Gate.MaxBytes) throw new Refusal("too-large", s"${value.length} bytes, ${Gate.MaxBytes} are allowed")
    if (value.length < Cursor.HeaderBytes) throw Refusal.undecodable(s"${value.length} bytes are no header")
    if (value(0) != 0) throw Refusal.undecodable(s"magic byte ${value(0) & 0xff}")
    val id = ((value(1) & 0xff) << 24) | ((value(2) & 0xff) << 16) | ((value(3) & 0xff) << 8) | (value(4) & 0xff)
    val plan = plans.get(id)
    if (plan == null) {
      val known = refused.get(id)
      throw if (known == null) new UnknownSchema(id) else new Refusal("unknown-schema", known)
    }
    val cursor = new Cursor(value, Cursor.HeaderBytes)
    val fields = plan.read(cursor).asInstanceOf[GenericInternalRow].values
    if (cursor.remaining > 0) throw Refusal.undecodable(s"${cursor.remaining} bytes after the event")
    if (cursor.violation != null) throw new Refusal("invalid", cursor.violation)
    fields
  }

  /** Whether the event counts. The same answer however often it is asked, so a task or batch may be repeated. */
  def admit(partition: Int, offset: Long, eventId: UTF8String, minute: Long): Int =
    if (minute < openFrom) Gate.Late
    else {
      var ids = seen.get(partition)
      if (ids == null) ids = seen.computeIfAbsent(partition, _ => new SeenIds)
      if (ids.isRepeated(SeenIds.hash(eventId), offset, minute, openFrom)) Gate.Duplicate else Gate.Counts
    }
}

/**
 * What the driver tells the query, and the query's tasks ask per record. One lane per JVM. The query must run in one JVM (local
 * mode), since what was seen lives here.
 */
object Gate {
  val MaxBytes: Int = 1024 * 1024
  final val Counts = 0
  /** A lower offset of this partition has the same id. */
  final val Duplicate = 1
  /** Its minute is closed. */
  final val Late = 2

  @volatile private var gates = new java.util.HashMap[UTF8String, TopicGate]
  @volatile private var byCode = Array.empty[TopicGate]
  @volatile private[streaming] var plan: Plan = null

  private[streaming] def of(topic: UTF8String): TopicGate = gates.get(topic)

  /** Forgets everything and takes the topics (as on the broker), their contracts and what to make of their records. */
  def open(topics: java.util.List[String], contracts: java.util.List[String], planJson: String): Unit = synchronized {
    val next = new java.util.HashMap[UTF8String, TopicGate]
    byCode = Array.tabulate(topics.size) { i =>
      val gate = new TopicGate(UTF8String.fromString(topics.get(i)), i, new Schema.Parser().parse(contracts.get(i)))
      next.put(gate.topic, gate)
      gate
    }
    plan = Plan.parse(planJson)
    gates = next
  }

  /** Takes a writer schema of the topic. Returns null, or why it cannot be read as the contract. */
  def accept(code: Int, id: Int, writer: String): String =
    try {
      val gate = byCode(code)
      gate.plans.put(id, gate.compiler.root(new Schema.Parser().parse(writer), plan.event))
      gate.refused.remove(id)
      null
    } catch {
      case e @ (_: PlanException | _: org.apache.avro.AvroRuntimeException) =>
        refuse(code, id, s"schema $id cannot be read: ${e.getMessage}")
        e.getMessage
    }

  def refuse(code: Int, id: Int, detail: String): Unit = byCode(code).refused.put(id, detail)

  /** The next record with this id is asked about again. */
  def forget(code: Int, id: Int): Unit = byCode(code).refused.remove(id)

  /** Moves the watermark of a topic: minutes before `openFrom` (minutes since 1970) are closed. */
  def close(code: Int, openFrom: Long): Unit = byCode(code).openFrom = openFrom

  /** Ids held for duplicates, over all partitions. */
  def remembered(): Long = {
    var n = 0L
    byCode.foreach(_.seen.values.forEach(s => n += s.held))
    n
  }
}
