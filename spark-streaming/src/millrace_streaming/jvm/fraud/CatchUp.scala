package io.millrace.streaming.fraud

import java.time.Duration
import java.util.{ArrayDeque, List => JavaList}

import scala.jdk.CollectionConverters._

import org.apache.kafka.clients.consumer.KafkaConsumer
import org.apache.kafka.common.TopicPartition

/** The records of a partition from `begin` up to but without `end`, as they are read. */
private[fraud] final class Past(val source: Int, val tp: TopicPartition, begin: Long, end: Long) {
  private val held = new ArrayDeque[Past.Record]
  private var position = begin

  def first: Long = begin
  def add(offset: Long, event: Array[Any]): Unit = if (offset < end) held.addLast(new Past.Record(offset, event))
  def reached(next: Long): Unit = position = next
  def read: Boolean = position >= end
  def isEmpty: Boolean = held.isEmpty
  def isFull: Boolean = held.size >= Past.Most
  /** Event time of the first record; a refused one goes first. */
  def time: Long = { val event = held.peekFirst.event; if (event == null) Long.MinValue else event(Events.OccurredAt).asInstanceOf[Long] }
  def take(): Past.Record = held.pollFirst()
}

private[fraud] object Past {
  private final val Most = 4096
  final class Record(val offset: Long, val event: Array[Any])
}

/**
 * Reads partitions together in the order of their event times, as far as each one's own order allows: the state inserts what comes early into
 * sorted arrays, which whole partitions one after the other would make quadratic.
 */
private[fraud] final class CatchUp(consumer: KafkaConsumer[Array[Byte], Array[Byte]], reader: RecordReader, all: Seq[Past]) {
  /** Returns the records read. `admit`: source, partition, offset, event; null where it was refused. */
  def read(admit: (Int, Int, Long, Array[Any]) => Unit): Long = {
    consumer.assign(all.map(_.tp).asJava)
    all.foreach(past => consumer.seek(past.tp, past.first))
    val byPlace = all.map(past => past.tp -> past).toMap
    var left = all.filterNot(_.read)
    var n = 0L
    while (left.nonEmpty) {
      if (left.exists(past => past.isEmpty && !past.read)) fetch(byPlace)
      left = left.filterNot(past => past.isEmpty && past.read)
      while (left.nonEmpty && !left.exists(_.isEmpty)) {
        val earliest = left.minBy(_.time)
        val record = earliest.take()
        admit(earliest.source, earliest.tp.partition, record.offset, record.event)
        n += 1
        if (earliest.isEmpty && earliest.read) left = left.filterNot(_ eq earliest)
      }
    }
    n
  }

  private def fetch(byPlace: Map[TopicPartition, Past]): Unit = {
    byPlace.values.foreach(past => if (past.read || past.isFull) consumer.pause(JavaList.of(past.tp)) else consumer.resume(JavaList.of(past.tp)))
    consumer.poll(Duration.ofMillis(200)).forEach { record =>
      val past = byPlace(new TopicPartition(record.topic, record.partition))
      past.add(record.offset, reader.read(past.source, record.timestamp, record.value))
    }
    byPlace.values.foreach(past => past.reached(consumer.position(past.tp)))
  }
}
