package io.millrace.streaming.fraud

import java.io.{ByteArrayOutputStream, DataInputStream, DataOutputStream, IOException}
import java.nio.ByteBuffer
import java.nio.channels.FileChannel
import java.nio.file.{Files, Path, StandardOpenOption}
import java.util.zip.CRC32

import scala.collection.mutable
import scala.collection.mutable.ArrayBuffer

/** The journal cannot be read; the topics can still give the state back. */
final class JournalException(message: String) extends RuntimeException(message)

/**
 * What the state has taken, on disk, so that a restart needs neither the topics' whole history nor longer retention: entries in blocks,
 * each with its checksum and the offsets reached. Orders with labels, and clicks, in segments of their own, for clicks are many and soon
 * forgotten. A torn last block is cut off: its records are read from the topics again. Calls are made under FraudQuery's lock, save `flush`.
 */
final class Journal(folder: Path, kinds: Int, version: String) {
  import Journal._

  /** Next offset by source and partition, as of the entries added. */
  private val positions = new mutable.HashMap[(Int, Int), Long]
  @volatile private var factsFrom, visitsFrom = Long.MinValue
  private val orders = new Stream("orders")
  private val clicks = new Stream("clicks")

  private final class Segment(val file: Path) { var newest: Long = Long.MinValue; var size: Long = 0 }

  private final class Stream(val name: String) {
    val segments = new ArrayBuffer[Segment]
    private var bytes = new ByteArrayOutputStream(1 << 16)
    var out = new DataOutputStream(bytes)
    private var newest = Long.MinValue
    private var channel: FileChannel = null

    def entry(at: Long): Unit = if (at > newest) newest = at

    /** Takes away what is to be written. */
    def swap(): (Array[Byte], Long) = {
      val taken = (bytes.toByteArray, newest)
      bytes = new ByteArrayOutputStream(math.max(1 << 16, taken._1.length)); out = new DataOutputStream(bytes); newest = Long.MinValue
      taken
    }

    def write(block: Array[Byte], newest: Long): Unit = {
      if (channel == null || segments.last.size > SegmentBytes) {
        if (channel != null) channel.close()
        val number = if (segments.isEmpty) 0 else numberOf(segments.last.file) + 1
        segments += new Segment(folder.resolve(f"$name-$number%08d"))
        channel = FileChannel.open(segments.last.file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)
      }
      val buffer = ByteBuffer.wrap(block)
      while (buffer.hasRemaining) channel.write(buffer)
      segments.last.size += block.length
      if (newest > segments.last.newest) segments.last.newest = newest
    }

    def forget(before: Long): Unit = while (segments.length > 1 && segments.head.newest < before) Files.deleteIfExists(segments.remove(0).file)

    def close(): Unit = if (channel != null) channel.close()
  }

  def position(source: Int, partition: Int): Option[Long] = positions.get((source, partition))
  def reached(source: Int, partition: Int, next: Long): Unit = positions((source, partition)) = next

  private[fraud] def fact(c: Chunk, i: Int): Unit = {
    val out = orders.out
    out.writeByte(FactEntry)
    out.writeLong(c.time(i)); out.writeLong(c.amount(i)); out.writeLong(c.order(i)); out.writeLong(c.event(i)); out.writeLong(c.offset(i))
    out.writeByte(c.partition(i)); out.writeByte(c.factType(i))
    var k = 0
    while (k < kinds) { val entity = c.entities(k)(i); out.writeLong(if (entity == null) 0 else entity.id); k += 1 }
    val more = if (c.more(i) == null) 0 else c.more(i).length
    out.writeInt(more)
    if (more > 0) c.more(i).foreach(entity => out.writeLong(entity.id))
    orders.entry(c.time(i))
  }

  private[fraud] def label(order: Long, at: Long, partition: Int, offset: Long): Unit = {
    val out = orders.out
    out.writeByte(LabelEntry); out.writeLong(order); out.writeLong(at); out.writeByte(partition); out.writeLong(offset)
    orders.entry(at)
  }

  private[fraud] def click(session: Long, partition: Int, offset: Long, at: Long, event: Long, clickType: Byte): Unit = {
    val out = clicks.out
    out.writeByte(ClickEntry); out.writeLong(session); out.writeByte(partition); out.writeLong(offset); out.writeLong(at); out.writeLong(event); out.writeByte(clickType)
    clicks.entry(at)
  }

  /** Entries of before these event times are wanted no more. */
  private[fraud] def forget(facts: Long, visits: Long): Unit = { factsFrom = facts; visitsFrom = visits }

  /** Writes what has gathered. `lock` is held only while it is taken away. */
  def flush(lock: AnyRef): Unit = synchronized {
    val (facts, visits, reached) = lock.synchronized((orders.swap(), clicks.swap(), positions.toSeq))
    // Clicks first: the offsets stand in the orders' blocks, and must not run ahead of what is there.
    if (visits._1.length > 0) clicks.write(block(visits._1, Nil), visits._2)
    if (facts._1.length > 0 || visits._1.length > 0) orders.write(block(facts._1, reached), facts._2)
    orders.forget(factsFrom)
    clicks.forget(visitsFrom)
  }

  def close(lock: AnyRef): Unit = { flush(lock); orders.close(); clicks.close() }

  /** Gives all entries to the state. Returns their number. Throws JournalException where it is of another version or damaged before its end. */
  def restore(state: FraudState): Long = {
    Files.createDirectories(folder)
    val mark = folder.resolve("version")
    val found = if (Files.exists(mark)) Files.readString(mark) else null
    if (found != null && found != version) {
      throw new JournalException(s"$folder keeps other entities ($found) than the catalogue of features now wants ($version)")
    }
    Files.writeString(mark, version)
    var n = 0L
    // Clicks before orders: their offsets are told by the orders' blocks.
    for (stream <- Seq(clicks, orders)) {
      val files = Files.list(folder)
      try files.filter(_.getFileName.toString.startsWith(s"${stream.name}-")).sorted.forEach(file => stream.segments += new Segment(file))
      finally files.close()
      stream.segments.zipWithIndex.foreach { case (segment, i) => n += read(segment, state, i == stream.segments.length - 1) }
    }
    n
  }

  private def read(segment: Segment, state: FraudState, last: Boolean): Long = {
    val bytes = ByteBuffer.wrap(Files.readAllBytes(segment.file))
    var (n, good) = (0L, 0)
    var torn = false
    while (!torn && bytes.remaining >= 12) {
      val (magic, length, sum) = (bytes.getInt, bytes.getInt, bytes.getInt)
      if (magic != Magic || length < 0 || length > bytes.remaining) torn = true
      else {
        val payload = new Array[Byte](length)
        bytes.get(payload)
        if (checksum(payload) != sum) torn = true
        else { n += entries(payload, segment, state); good = bytes.position() }
      }
    }
    if (good < bytes.capacity) {
      // Every segment was the last one once: a process that died tore it, and the next began a new one.
      val channel = FileChannel.open(segment.file, StandardOpenOption.WRITE)
      try channel.truncate(good.toLong) finally channel.close()
    }
    segment.size = good
    n
  }

  private def entries(payload: Array[Byte], segment: Segment, state: FraudState): Long = {
    val in = new DataInputStream(new java.io.ByteArrayInputStream(payload))
    val reached = Seq.fill(in.readInt())(((in.readByte().toInt, in.readInt()), in.readLong()))
    var n = 0L
    def seen(at: Long): Unit = if (at > segment.newest) segment.newest = at
    try while (in.available > 0) {
      in.readByte() match {
        case FactEntry => state.restoreFact { (c, i) =>
          c.time(i) = in.readLong(); c.amount(i) = in.readLong(); c.order(i) = in.readLong(); c.event(i) = in.readLong(); c.offset(i) = in.readLong()
          c.partition(i) = in.readByte(); c.factType(i) = in.readByte()
          var k = 0
          while (k < kinds) { c.entities(k)(i) = state.entity(k, in.readLong()); k += 1 }
          val more = in.readInt()
          if (more > 0) c.more(i) = Array.fill(more)(state.lineEntity(in.readLong()))
          seen(c.time(i))
        }
        case LabelEntry =>
          val (order, at) = (in.readLong(), in.readLong())
          state.label(order, FraudState.Label(at, in.readByte(), in.readLong()))
          seen(at)
        case ClickEntry =>
          val (session, partition, offset, at) = (in.readLong(), in.readByte(), in.readLong(), in.readLong())
          state.click(session, partition, offset, at, in.readLong(), in.readByte())
          seen(at)
        case other => throw new JournalException(s"${segment.file}: no entry is of type $other")
      }
      n += 1
    } catch { case e: IOException => throw new JournalException(s"${segment.file}: ${e.getMessage}") }
    reached.foreach { case (place, next) => positions(place) = next }
    n
  }

  private def block(entries: Array[Byte], reached: Seq[((Int, Int), Long)]): Array[Byte] = {
    val head = new ByteArrayOutputStream
    val out = new DataOutputStream(head)
    out.writeInt(reached.length)
    reached.foreach { case ((source, partition), next) => out.writeByte(source); out.writeInt(partition); out.writeLong(next) }
    out.write(entries)
    val payload = head.toByteArray
    ByteBuffer.allocate(12 + payload.length).putInt(Magic).putInt(payload.length).putInt(checksum(payload)).put(payload).array
  }
}

private object Journal {
  private val Magic = 0x4d494c4c
  private val SegmentBytes = 16L << 20
  private final val FactEntry: Byte = 1
  private final val LabelEntry: Byte = 2
  private final val ClickEntry: Byte = 3

  private def numberOf(file: Path): Int = file.getFileName.toString.split('-').last.toInt
  private def checksum(payload: Array[Byte]): Int = { val crc = new CRC32; crc.update(payload); crc.getValue.toInt }
}
