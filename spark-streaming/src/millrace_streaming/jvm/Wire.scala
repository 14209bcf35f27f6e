package io.millrace.streaming

import org.apache.spark.unsafe.types.UTF8String

/** Why a record cannot be an event; no stack trace, since a flood of bad records must stay cheap. */
final class Refusal(val reason: String, val detail: String) extends RuntimeException(detail, null, false, false)

object Refusal {
  def undecodable(detail: String): Refusal = new Refusal("undecodable", detail)
  def limit(detail: String): Refusal = new Refusal("decode-limit", detail)
}

/** One body being walked. Every read is checked against the end, so that no count or length is believed. */
final class Cursor(val bytes: Array[Byte], var pos: Int) {
  private val end = bytes.length
  var depth = 0
  /** Lowest violated rule of the contract and its words, so that Node and Spark name the same one. */
  var ruleIndex = Int.MaxValue
  var violation: String = null
  /** Place in the innermost array, for the words of a violation. */
  var element = 0

  def remaining: Int = end - pos
  def bodyLength: Int = end - Cursor.HeaderBytes

  def violated(index: Int, detail: String): Unit =
    if (index < ruleIndex) { ruleIndex = index; violation = detail.replace("[]", s"[$element]") }

  def enter(): Unit = {
    depth += 1
    if (depth > Cursor.MaxDepth) throw Refusal.limit(s"nested deeper than ${Cursor.MaxDepth}")
  }

  def leave(): Unit = depth -= 1

  def byte(): Int = {
    if (pos >= end) throw Refusal.undecodable("the body ends within a value")
    val b = bytes(pos)
    pos += 1
    b
  }

  /** Zigzag varint of at most 10 bytes. */
  def varint(): Long = {
    var b = byte()
    if (b >= 0) return (b >>> 1).toLong ^ -(b & 1).toLong
    var n = (b & 0x7f).toLong
    var shift = 7
    while (b < 0) {
      if (shift > 63) throw Refusal.undecodable("a number is longer than 10 bytes")
      b = byte()
      n |= (b & 0x7f).toLong << shift
      shift += 7
    }
    (n >>> 1) ^ -(n & 1L)
  }

  def int(): Int = {
    val n = varint()
    if (n < Int.MinValue || n > Int.MaxValue) throw Refusal.undecodable("an int does not fit 32 bits")
    n.toInt
  }

  /** Beyond 2^53 Node cannot say the number, so both sides refuse it. */
  def long(): Long = {
    val n = varint()
    if (n > Cursor.MaxSafe || n < -Cursor.MaxSafe) throw Refusal.undecodable("a long is beyond 2^53")
    n
  }

  /** Length of a string or of bytes: what the whole body could not hold is an attack, what the rest cannot is a cut. */
  def length(): Int = {
    val n = varint()
    if (n < 0) throw Refusal.limit(s"a length of $n")
    if (n > bodyLength) throw Refusal.limit(s"a length of $n in a body of $bodyLength bytes")
    if (n > remaining) throw Refusal.undecodable(s"a length of $n with $remaining bytes left")
    n.toInt
  }

  def advance(n: Int): Unit = {
    if (n > remaining) throw Refusal.undecodable("the body ends within a value")
    pos += n
  }

  /** Items of the next block, 0 at the end. A negative count carries the block's size, which is checked by the caller. */
  def blockCount(minItemBytes: Int): Long = {
    val n = varint()
    val count = if (n < 0) -n else n
    if (n == Long.MinValue) throw Refusal.limit("a count of 2^63")
    if (count.toDouble * math.max(minItemBytes, 1) > bodyLength) throw Refusal.limit(s"a count of $count in a body of $bodyLength bytes")
    if (n < 0) -count else count
  }

  def string(): UTF8String = {
    val n = length()
    checkUtf8(pos, pos + n)
    val s = UTF8String.fromBytes(bytes, pos, n)
    pos += n
    s
  }

  def skipString(): Unit = {
    val n = length()
    checkUtf8(pos, pos + n)
    pos += n
  }

  private def checkUtf8(from: Int, until: Int): Unit = {
    var i = from
    while (i < until && bytes(i) >= 0) i += 1
    while (i < until) i = Utf8.next(bytes, i, until)
  }
}

object Cursor {
  val HeaderBytes = 5
  val MaxDepth = 64
  val MaxSafe: Long = (1L << 53) - 1
}

private object Utf8 {
  /** Index after the code point at i; refuses overlong forms, surrogates and cut sequences (RFC 3629). */
  def next(b: Array[Byte], i: Int, until: Int): Int = {
    val lead = b(i) & 0xff
    val size = if (lead < 0x80) 1 else if (lead >= 0xc2 && lead < 0xe0) 2 else if ((lead & 0xf0) == 0xe0) 3 else if (lead >= 0xf0 && lead < 0xf5) 4 else 0
    if (size == 0 || i + size > until) throw bad
    var k = 1
    while (k < size) { if ((b(i + k) & 0xc0) != 0x80) throw bad; k += 1 }
    if (size > 2) {
      val second = b(i + 1) & 0xff
      if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second >= 0xa0) || (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second >= 0x90)) throw bad
    }
    i + size
  }

  private def bad: Refusal = Refusal.undecodable("a string is not UTF-8")
}
