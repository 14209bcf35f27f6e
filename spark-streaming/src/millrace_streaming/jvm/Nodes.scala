package io.millrace.streaming

import java.util.regex.Pattern

import scala.collection.mutable

import org.apache.avro.Schema
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow
import org.apache.spark.sql.catalyst.util.GenericArrayData
import org.apache.spark.unsafe.types.UTF8String

/** A limit of the contract; null checks are not its business: an absent value breaks no rule. */
final case class Rule(minimum: Double, maximum: Double, minLength: Int, pattern: Pattern) {
  def bind(index: Int, path: String): BoundRule = new BoundRule(this, index, path)
}

object Rule {
  def parse(valid: Any): Rule = {
    val map = valid.asInstanceOf[java.util.Map[String, Any]]
    def number(name: String, otherwise: Double): Double = map.get(name) match { case n: Number => n.doubleValue; case _ => otherwise }
    val pattern = map.get("pattern") match { case p: String => Pattern.compile(p); case _ => null }
    Rule(number("minimum", Double.NegativeInfinity), number("maximum", Double.PositiveInfinity), number("minLength", 0).toInt, pattern)
  }
}

final class BoundRule(rule: Rule, index: Int, path: String) {
  private val accepted = mutable.HashSet.empty[UTF8String]
  @volatile private var latest: UTF8String = null

  def check(value: Any, c: Cursor): Unit = value match {
    case s: UTF8String =>
      if (s.numBytes < rule.minLength) c.violated(index, s"$path: is shorter than ${rule.minLength}")
      if (rule.pattern != null && !matches(s)) c.violated(index, s"$path: does not match ${rule.pattern.pattern}")
    case n: Int => number(n.toDouble, n.toString, c)
    case n: Long => number(n.toDouble, n.toString, c)
    case n: Double => number(n, n.toString, c)
    case _ => ()
  }

  private def number(n: Double, shown: String, c: Cursor): Unit = {
    if (!rule.minimum.isInfinite && !(n >= rule.minimum)) c.violated(index, s"$path: $shown is less than ${rule.minimum.toLong}")
    if (!rule.maximum.isInfinite && !(n <= rule.maximum)) c.violated(index, s"$path: $shown is more than ${rule.maximum.toLong}")
  }

  /** Currencies are few: a text accepted once is not matched again. Bounded, since the text is a stranger's. */
  private def matches(s: UTF8String): Boolean = s == latest || accepted.synchronized {
    val ok = accepted.contains(s) || rule.pattern.matcher(s.toString).find()
    if (ok) latest = s.copy()
    if (ok && accepted.size < 256) accepted += latest
    ok
  }
}

final class Step(val node: Node, val slot: Int, val rule: BoundRule) {
  def run(c: Cursor, row: Array[Any]): Unit =
    if (slot < 0 && rule == null) node.skip(c)
    else {
      val value = node.read(c)
      if (rule != null) rule.check(value, c)
      if (slot >= 0) row(slot) = value
    }
}

final class RecordNode(val steps: Array[Step], defaults: Array[Any]) extends Node {
  private var measuring = false
  /** A record within itself counts as 0 bytes there. */
  lazy val minBytes: Int = if (measuring) 0 else { measuring = true; val n = steps.map(_.node.minBytes).sum; measuring = false; n }

  override def read(c: Cursor): Any = {
    val row = if (defaults.length == 0) defaults else defaults.clone()
    fill(c, row)
    new GenericInternalRow(row)
  }

  override def skip(c: Cursor): Unit = fill(c, null)

  def fill(c: Cursor, row: Array[Any]): Unit = {
    c.enter()
    var i = 0
    while (i < steps.length) { steps(i).run(c, row); i += 1 }
    c.leave()
  }
}

final class UnionNode(branches: Array[Node]) extends Node {
  override def minBytes: Int = 1
  private def branch(c: Cursor): Node = {
    val index = c.varint()
    if (index < 0 || index >= branches.length) throw Refusal.undecodable(s"union index $index of ${branches.length}")
    branches(index.toInt)
  }
  override def read(c: Cursor): Any = branch(c).read(c)
  override def skip(c: Cursor): Unit = { val b = branch(c); c.enter(); b.skip(c); c.leave() }
}

final class EnumNode(symbols: Array[UTF8String]) extends Node {
  override def minBytes: Int = 1
  override def read(c: Cursor): Any = {
    val index = c.varint()
    if (index < 0 || index >= symbols.length) throw Refusal.undecodable(s"enum index $index of ${symbols.length}")
    val symbol = symbols(index.toInt)
    if (symbol == null) throw Refusal.undecodable(s"enum index $index has no name in the contract")
    symbol
  }
}

/** Blocks of items, for arrays and maps alike. */
abstract class BlockNode extends Node {
  override def minBytes: Int = 1
  protected def itemBytes: Int
  protected def item(c: Cursor): Unit

  protected def blocks(c: Cursor): Unit = {
    c.enter()
    var total = 0L
    var count = c.blockCount(itemBytes)
    while (count != 0) {
      val sized = count < 0
      val n = math.abs(count)
      total += n
      if (total > c.bodyLength) throw Refusal.limit(s"$total items in a body of ${c.bodyLength} bytes")
      val size = if (sized) c.varint() else 0L
      if (sized && (size < 0 || size > c.bodyLength)) throw Refusal.limit(s"a block of $size bytes in a body of ${c.bodyLength}")
      val start = c.pos
      var i = 0L
      while (i < n) { item(c); i += 1 }
      if (sized && c.pos - start != size) throw Refusal.undecodable(s"a block says $size bytes and has ${c.pos - start}")
      count = c.blockCount(itemBytes)
    }
    c.leave()
  }
}

final class ArrayNode(element: Node) extends BlockNode {
  override protected def itemBytes: Int = element.minBytes
  override protected def item(c: Cursor): Unit = { element.skip(c); c.element += 1 }
  override def skip(c: Cursor): Unit = { c.element = 0; blocks(c) }

  override def read(c: Cursor): Any = {
    val items = mutable.ArrayBuffer.empty[Any]
    new Blocks(items).run(c)
    new GenericArrayData(items.toArray)
  }

  private final class Blocks(items: mutable.ArrayBuffer[Any]) extends BlockNode {
    override protected def itemBytes: Int = element.minBytes
    override protected def item(c: Cursor): Unit = { c.element = items.length; items += element.read(c) }
    override def read(c: Cursor): Any = blocks(c)
    def run(c: Cursor): Unit = blocks(c)
  }
}

final class MapNode(value: Node) extends BlockNode {
  override protected def itemBytes: Int = 1 + value.minBytes
  override protected def item(c: Cursor): Unit = { c.skipString(); value.skip(c) }
  override def read(c: Cursor): Any = { blocks(c); null }
}

final class FixedNode(size: Int) extends Node {
  override def minBytes: Int = size
  override def read(c: Cursor): Any = { val from = c.pos; c.advance(size); java.util.Arrays.copyOfRange(c.bytes, from, c.pos) }
  override def skip(c: Cursor): Unit = c.advance(size)
}

object Primitives {
  private final class Simple(val minBytes: Int, reader: Cursor => Any) extends Node {
    override def read(c: Cursor): Any = reader(c)
  }

  val Null: Node = new Simple(0, _ => null)
  val NullRefused: Node = new Simple(0, _ => throw Refusal.undecodable("null where the contract has none"))
  val IntAsLong: Node = new Simple(1, c => c.int().toLong)
  val IntAsDouble: Node = new Simple(1, c => c.int().toDouble)
  val LongAsDouble: Node = new Simple(1, c => c.long().toDouble)

  private object Text extends Node {
    override def minBytes: Int = 1
    override def read(c: Cursor): Any = c.string()
    override def skip(c: Cursor): Unit = c.skipString()
  }

  private object Bytes extends Node {
    override def minBytes: Int = 1
    override def read(c: Cursor): Any = { val n = c.length(); val from = c.pos; c.advance(n); java.util.Arrays.copyOfRange(c.bytes, from, c.pos) }
    override def skip(c: Cursor): Unit = c.advance(c.length())
  }

  private def bits(c: Cursor, n: Int): Long = {
    var v = 0L
    var i = 0
    while (i < n) { v |= (c.byte() & 0xffL) << (8 * i); i += 1 }
    v
  }

  private def bool(c: Cursor): Boolean = {
    val b = c.byte()
    if (b != 0 && b != 1) throw Refusal.undecodable("a boolean is neither 0 nor 1")
    b == 1
  }

  def of(kind: Schema.Type): Node = kind match {
    case Schema.Type.NULL => Null
    case Schema.Type.BOOLEAN => new Simple(1, bool)
    case Schema.Type.INT => new Simple(1, _.int())
    case Schema.Type.LONG => new Simple(1, _.long())
    case Schema.Type.FLOAT => new Simple(4, c => java.lang.Float.intBitsToFloat(bits(c, 4).toInt))
    case Schema.Type.DOUBLE => new Simple(8, c => java.lang.Double.longBitsToDouble(bits(c, 8)))
    case Schema.Type.STRING => Text
    case Schema.Type.BYTES => Bytes
    case other => throw new PlanException(s"no reader for $other")
  }
}
