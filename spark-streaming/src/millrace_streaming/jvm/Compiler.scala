package io.millrace.streaming

import java.util.IdentityHashMap

import scala.jdk.CollectionConverters._

import org.apache.avro.{JsonProperties, Schema}
import org.apache.spark.sql.catalyst.util.GenericArrayData
import org.apache.spark.sql.types._
import org.apache.spark.unsafe.types.UTF8String

/** Reads or skips one Avro value, checking it either way. */
abstract class Node {
  /** Fewest bytes a value can take: what a count is measured against. */
  def minBytes: Int
  def read(c: Cursor): Any
  def skip(c: Cursor): Unit = read(c)
}

/** The writer schema cannot be read as the contract. */
final class PlanException(message: String) extends RuntimeException(message)

/**
 * Compiles a writer schema against the contract (reader schema) and the columns wanted: fields nobody wants are walked and
 * checked, but not built. Rules (`valid` of a field in the contract) are numbered in the contract's order.
 */
final class Compiler(contract: Schema) {
  private val rules: Map[String, (Int, Rule)] = Compiler.rulesOf(contract).zipWithIndex.map { case ((path, rule), i) => path -> (i, rule) }.toMap
  private val skipped = new IdentityHashMap[Schema, Node]

  def root(writer: Schema, wanted: StructType): RecordNode = {
    if (writer.getType != Schema.Type.RECORD || writer.getFullName != contract.getFullName) {
      throw new PlanException(s"schema ${writer.getFullName} is no ${contract.getFullName}")
    }
    record(writer, contract, wanted, "")
  }

  private def record(writer: Schema, reader: Schema, wanted: StructType, path: String): RecordNode = {
    val steps = writer.getFields.asScala.map { field =>
      val known = Option(reader.getField(field.name)).orElse(reader.getFields.asScala.find(_.aliases.contains(field.name)))
      val name = known.map(_.name).getOrElse(field.name)
      val slot = if (known.isEmpty) -1 else wanted.fieldNames.indexOf(name)
      val at = if (path.isEmpty) name else s"$path.$name"
      val target = if (slot < 0) null else wanted(slot).dataType
      val node = known.fold(skipper(field.schema))(f => value(field.schema, f.schema, target, at))
      new Step(node, slot, rules.get(at).filter(_ => known.isDefined).map { case (i, rule) => rule.bind(i, at) }.orNull)
    }.toArray
    val row = new Array[Any](wanted.length)
    for (field <- reader.getFields.asScala if !writer.getFields.asScala.exists(f => f.name == field.name || field.aliases.contains(f.name))) {
      if (!field.hasDefaultValue) throw new PlanException(s"field $path${field.name} is missing and has no default")
      val slot = wanted.fieldNames.indexOf(field.name)
      if (slot >= 0) row(slot) = Compiler.constant(field.defaultVal, wanted(slot).dataType)
    }
    new RecordNode(steps, row)
  }

  private def value(writer: Schema, reader: Schema, target: DataType, path: String): Node = {
    if (writer.getType == Schema.Type.UNION) {
      val nullable = reader.getType == Schema.Type.UNION
      return new UnionNode(writer.getTypes.asScala.map { branch =>
        if (branch.getType == Schema.Type.NULL) { if (nullable) Primitives.Null else Primitives.NullRefused }
        else value(branch, reader, target, path)
      }.toArray)
    }
    val wanted = if (reader.getType == Schema.Type.UNION) reader.getTypes.asScala.find(b => Compiler.readable(writer, b)).getOrElse(mismatch(writer, reader, path)) else reader
    if (!Compiler.readable(writer, wanted)) mismatch(writer, wanted, path)
    (writer.getType, target) match {
      case (Schema.Type.RECORD, struct: StructType) => record(writer, wanted, struct, path)
      case (Schema.Type.RECORD, _) => record(writer, wanted, new StructType, path)
      case (Schema.Type.ARRAY, ArrayType(item, _)) => new ArrayNode(value(writer.getElementType, wanted.getElementType, item, s"$path[]"))
      case (Schema.Type.ARRAY, _) => new ArrayNode(value(writer.getElementType, wanted.getElementType, null, s"$path[]"))
      case (Schema.Type.ENUM, _) => Compiler.enumeration(writer, wanted)
      case (Schema.Type.INT, LongType) => Primitives.IntAsLong
      case (Schema.Type.INT, DoubleType) => Primitives.IntAsDouble
      case (Schema.Type.LONG, DoubleType) => Primitives.LongAsDouble
      case _ => skipper(writer)
    }
  }

  private def mismatch(writer: Schema, reader: Schema, path: String): Nothing =
    throw new PlanException(s"field $path: ${writer.getType.getName} is no ${reader.getType.getName}")

  private def skipper(schema: Schema): Node = schema.getType match {
    case Schema.Type.RECORD =>
      val known = skipped.get(schema)
      if (known != null) known
      else {
        val lazyNode = new RecordNode(new Array[Step](schema.getFields.size), Array.empty)
        skipped.put(schema, lazyNode)
        schema.getFields.asScala.zipWithIndex.foreach { case (f, i) => lazyNode.steps(i) = new Step(skipper(f.schema), -1, null) }
        lazyNode
      }
    case Schema.Type.UNION => new UnionNode(schema.getTypes.asScala.map(skipper).toArray)
    case Schema.Type.ARRAY => new ArrayNode(skipper(schema.getElementType))
    case Schema.Type.MAP => new MapNode(skipper(schema.getValueType))
    case Schema.Type.ENUM => Compiler.enumeration(schema, schema)
    case Schema.Type.FIXED => new FixedNode(schema.getFixedSize)
    case other => Primitives.of(other)
  }
}

object Compiler {
  /** Every `valid` of the contract with its path, in the order of the fields: the order in which Node checks them. */
  def rulesOf(schema: Schema, path: String = ""): Seq[(String, Rule)] = schema.getType match {
    case Schema.Type.RECORD => schema.getFields.asScala.toSeq.flatMap { f =>
      val at = if (path.isEmpty) f.name else s"$path.${f.name}"
      Option(f.getObjectProp("valid")).map(v => at -> Rule.parse(v)).toSeq ++ rulesOf(f.schema, at)
    }
    case Schema.Type.ARRAY => rulesOf(schema.getElementType, s"$path[]")
    case Schema.Type.UNION => schema.getTypes.asScala.toSeq.flatMap(rulesOf(_, path))
    case _ => Nil
  }

  def readable(writer: Schema, reader: Schema): Boolean = {
    val (w, r) = (writer.getType, reader.getType)
    w == r || (w == Schema.Type.INT && (r == Schema.Type.LONG || r == Schema.Type.DOUBLE)) || (w == Schema.Type.LONG && r == Schema.Type.DOUBLE)
  }

  def enumeration(writer: Schema, reader: Schema): Node = {
    val fallback = reader.getEnumDefault
    new EnumNode(writer.getEnumSymbols.asScala.map { symbol =>
      if (reader.hasEnumSymbol(symbol)) UTF8String.fromString(symbol) else if (fallback != null) UTF8String.fromString(fallback) else null
    }.toArray)
  }

  def constant(default: Any, target: DataType): Any = (default, target) match {
    case (JsonProperties.NULL_VALUE, _) => null
    case (s: String, StringType) => UTF8String.fromString(s)
    case (n: Number, IntegerType) => n.intValue
    case (n: Number, LongType) => n.longValue
    case (n: Number, DoubleType) => n.doubleValue
    case (b: java.lang.Boolean, BooleanType) => b
    case (list: java.util.Collection[_], _: ArrayType) if list.isEmpty => new GenericArrayData(Array.empty[Any])
    case _ => throw new PlanException(s"default $default cannot be a ${target.simpleString}")
  }
}
