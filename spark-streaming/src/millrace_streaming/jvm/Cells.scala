package io.millrace.streaming

import scala.jdk.CollectionConverters._

import com.fasterxml.jackson.databind.{JsonNode, ObjectMapper}
import org.apache.spark.sql.types.{ArrayType, DataType, StructType}
import org.apache.spark.unsafe.types.UTF8String

/** A field of the event, or of each item of its one array (`lines[].category`), by its place in the decoded row. */
private[streaming] final class Field(val slot: Int, val ofItem: Boolean) {
  def of(event: Array[Any], item: Array[Any]): Any = if (ofItem) item(slot) else event(slot)
}

private[streaming] final class Condition(field: Field, values: Array[UTF8String], wanted: Boolean) {
  def holds(event: Array[Any], item: Array[Any]): Boolean = {
    val value = field.of(event, item)
    if (value == null) return false
    var i = 0
    while (i < values.length && values(i) != value) i += 1
    (i < values.length) == wanted
  }
}

/** A dimension. Where the event does not say it, it is `otherwise`, which may be null. */
private[streaming] final class Text(field: Field, otherwise: UTF8String) {
  def of(event: Array[Any], item: Array[Any]): UTF8String = {
    val text = field.of(event, item).asInstanceOf[UTF8String]
    if (otherwise != null && (text == null || text.numBytes == 0)) otherwise else text
  }
}

/** A number to add up. `fallen`: by how much it is below zero, absent where it is not. */
private[streaming] final class Summand(field: Field, conditions: Array[Condition], fallen: Boolean) {
  private def said(event: Array[Any], item: Array[Any]): Any = {
    val number = field.of(event, item)
    if (number == null || !conditions.forall(_.holds(event, item))) null
    else if (!fallen) number
    else { val n = number.asInstanceOf[Number].longValue; if (n < 0) -n else null }
  }
  def present(event: Array[Any], item: Array[Any]): Boolean = said(event, item) != null
  def of(event: Array[Any], item: Array[Any]): Long = said(event, item) match { case null => 0L; case n: Number => n.longValue }
}

/** What an event adds to one group: `CellSpec` of transforms/cell.py, resolved against the decoded row. */
private[streaming] final class CellPlan(
    val kind: Int,
    val primary: Boolean,
    val alone: Boolean,
    val once: Boolean,
    val items: Int,
    conditions: Array[Condition],
    val texts: Array[Text],
    val entity: Field,
    val time: Boolean,
    val sums: Array[Summand]) {

  def applies(event: Array[Any], item: Array[Any]): Boolean =
    conditions.forall(_.holds(event, item)) && (entity == null || entity.of(event, item) != null) &&
      (sums.length == 0 || sums.exists(_.present(event, item)))
}

/** What the query makes of records: `plan_json` of transforms/events.py. */
private[streaming] final class Plan(json: JsonNode) {
  val event: StructType = DataType.fromJson(json.get("event").toString).asInstanceOf[StructType]
  val earliestMs: Long = json.get("earliestMs").asLong
  val aheadMs: Long = json.get("aheadMs").asLong
  val eventId: Int = event.fieldIndex("eventId")
  val occurredAt: Int = event.fieldIndex("occurredAt")
  val read: Int = kind("read")
  val plain: Int = kind("plain")
  val dead: Int = kind("dead")
  val late: Int = kind("late")
  val duplicate: Int = kind("duplicate")
  val pending: Int = kind("pending")
  /** By topic code: at most one primary cell applies to an event, then every other that does. */
  val primaries: Array[Array[CellPlan]] = cells(_.primary)
  val others: Array[Array[CellPlan]] = cells(!_.primary)

  private def kind(name: String): Int = json.get("kinds").get(name).asInt

  private def cells(wanted: CellPlan => Boolean): Array[Array[CellPlan]] =
    json.get("topics").asScala.map(_.asScala.map(cell).filter(wanted).toArray).toArray

  private def cell(spec: JsonNode): CellPlan = {
    val texts = spec.get("texts").asScala.map(t => new Text(field(t.get("field")), text(t.get("otherwise")))).toArray
    val sums = spec.get("sums").asScala.map(s => new Summand(field(s.get("field")), conditions(s), s.get("fallen").asBoolean)).toArray
    val items = spec.findValuesAsText("field").asScala.filter(_.contains("[]")).map(_.takeWhile(_ != '[')).toSet
    new CellPlan(spec.get("kind").asInt, spec.get("primary").asBoolean, spec.get("alone").asBoolean, spec.get("once").asBoolean,
      items.headOption.fold(-1)(event.fieldIndex), conditions(spec), texts, Option(spec.get("entity")).filterNot(_.isNull).map(field).orNull,
      spec.get("time").asBoolean, sums)
  }

  private def conditions(spec: JsonNode): Array[Condition] = spec.get("when").asScala.map { c =>
    val values = c.get("values").asScala.map(v => UTF8String.fromString(v.asText)).toArray
    new Condition(field(c.get("field")), values, c.get("wanted").asBoolean)
  }.toArray

  private def text(node: JsonNode): UTF8String = if (node.isNull) null else UTF8String.fromString(node.asText)

  private def field(node: JsonNode): Field = node.asText.split("""\[\]\.""") match {
    case Array(name) => new Field(event.fieldIndex(name), false)
    case Array(list, name) => new Field(event(list).dataType.asInstanceOf[ArrayType].elementType.asInstanceOf[StructType].fieldIndex(name), true)
  }
}

private[streaming] object Plan {
  def parse(json: String): Plan = new Plan(new ObjectMapper().readTree(json))
}
