package io.millrace.streaming

import org.apache.spark.sql.catalyst.expressions.XXH64
import org.apache.spark.unsafe.types.UTF8String

/** First offset of each event id of one partition, while its minute is open. Open addressing over primitive arrays. */
final class SeenIds {
  private var keys = new Array[Long](SeenIds.Smallest)
  private var offsets = new Array[Long](SeenIds.Smallest)
  private var minutes = new Array[Int](SeenIds.Smallest)
  private var used = 0

  def held: Int = synchronized(used)

  /** True where a lower offset holds the id. Asking again about the first one stays false, so a task or batch may be repeated. */
  def isRepeated(id: Long, offset: Long, minute: Long, openFrom: Long): Boolean = synchronized {
    var i = slot(id)
    while (keys(i) != 0 && keys(i) != id) i = (i + 1) & (keys.length - 1)
    if (keys(i) == 0) {
      if (used >= keys.length * 6 / 10) {
        rebuild(openFrom)
        i = slot(id)
        while (keys(i) != 0) i = (i + 1) & (keys.length - 1)
      }
      put(i, id, offset, minute.toInt)
      used += 1
      false
    } else if (minutes(i) < openFrom || offset <= offsets(i)) {
      put(i, id, offset, minute.toInt)
      false
    } else true
  }

  private def put(i: Int, id: Long, offset: Long, minute: Int): Unit = { keys(i) = id; offsets(i) = offset; minutes(i) = minute }

  private def slot(id: Long): Int = (id ^ (id >>> 32)).toInt & (keys.length - 1)

  /** Drops the closed minutes, and grows only where the open ones need it. */
  private def rebuild(openFrom: Long): Unit = {
    val (k, o, m) = (keys, offsets, minutes)
    var open = 0
    var i = 0
    while (i < k.length) { if (k(i) != 0 && m(i) >= openFrom) open += 1; i += 1 }
    var size = SeenIds.Smallest
    while (size * 3L / 10 < open) size *= 2
    keys = new Array[Long](size)
    offsets = new Array[Long](size)
    minutes = new Array[Int](size)
    used = 0
    i = 0
    while (i < k.length) {
      if (k(i) != 0 && m(i) >= openFrom) {
        var j = slot(k(i))
        while (keys(j) != 0) j = (j + 1) & (size - 1)
        put(j, k(i), o(i), m(i))
        used += 1
      }
      i += 1
    }
  }
}

object SeenIds {
  private val Smallest = 1 << 12
  private val Seed = 0x6d696c6c72616365L

  /** 64 bits of xxHash; 0 marks a free slot. */
  def hash(id: UTF8String): Long = {
    val h = XXH64.hashUnsafeBytes(id.getBaseObject, id.getBaseOffset, id.numBytes, Seed)
    if (h == 0) 1 else h
  }
}
