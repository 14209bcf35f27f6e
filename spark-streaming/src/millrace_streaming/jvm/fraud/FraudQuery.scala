package io.millrace.streaming.fraud

import java.nio.charset.StandardCharsets.UTF_8
import java.util.concurrent.ThreadLocalRandom
import java.util.concurrent.atomic.{AtomicLongArray, LongAdder}
import java.util.Properties

import scala.collection.mutable.ArrayBuffer
import scala.jdk.CollectionConverters._

import com.fasterxml.jackson.databind.ObjectMapper
import org.apache.kafka.clients.consumer.KafkaConsumer
import org.apache.kafka.common.TopicPartition
import org.apache.kafka.common.serialization.ByteArrayDeserializer
import org.apache.spark.sql.{DataFrame, Encoders}

/** A Kafka record as Spark's sink takes it. */
final case class Header(key: String, value: Array[Byte])
final case class ScoreRecord(key: Array[Byte], value: Array[Byte], headers: Seq[Header])

/** The checkpoint does not fit the topics. */
final class CheckpointException(message: String) extends RuntimeException(message)

/** What the scoring query of this JVM's one lane is made of. The query must run in one JVM (local mode): its tasks share the state. */
final class FraudQuery(
    val lane: String,
    val reader: RecordReader,
    topics: Array[String],
    partitions: Array[Int],
    val features: Features,
    words: Array[String],
    journal: Journal,
    reviseMs: Long,
    slackMs: Long,
    batchMs: Long,
    mostFacts: Int,
    rules: RuleFile,
    models: ModelFolder,
    scoreContract: String,
    schemaId: Int) {

  private val state = new FraudState(features, reviseMs, mostFacts, journal)
  private val firstCode = partitions.scanLeft(0)(_ + _)
  @volatile private var turns: Turns = null
  private val width = features.names.length
  private val champion = new Scorer(new Sources { def rules: RuleSet = FraudQuery.this.rules.current; def model: TreeModel = models.champion }, width)
  private val writers = ThreadLocal.withInitial[ScoreWriter](() => new ScoreWriter(scoreContract, schemaId, lane, topics, features, words))
  private val times = ThreadLocal.withInitial[Clock](() => new Clock)
  private val flusher = new Thread(() => flushing(), "fraud-journal")
  private val local = Local.of(this)
  @volatile private var closed = false
  @volatile private var failure: Throwable = null
  private val events = new AtomicLongArray(3)
  private val scores, degraded = new LongAdder
  private val decisions = Array.fill(3)(new LongAdder)
  private val ruleHits = new java.util.concurrent.ConcurrentHashMap[String, LongAdder]
  private val shadowHits = new java.util.concurrent.ConcurrentHashMap[String, LongAdder]

  /** Reads the journal. Returns its entries. */
  def restore(): Long = journal.restore(state)

  /**
   * Reads from Kafka what the journal lacks before `until` (next offset to score by topic and partition), and the orders that a late event
   * may still change. Returns the records read. Throws CheckpointException.
   */
  def catchUp(brokers: String, until: String): Long = {
    val wanted = new ObjectMapper().readTree(until).properties.asScala.flatMap { topic =>
      val source = reader.source(topic.getKey)
      topic.getValue.properties.asScala.map(p => (source, p.getKey.toInt, p.getValue.asLong))
    }.filter { case (source, _, next) => source >= 0 && next > 0 }.toSeq
    if (wanted.isEmpty) return 0
    val done = new Array[Long](partitions(Source.Orders))
    wanted.foreach { case (source, p, next) => if (source == Source.Orders && p < done.length) done(p) = next }
    val recent = state.resume(done)
    FraudQuery.reading(brokers) { consumer =>
      val places = wanted.map { case (source, p, _) => new TopicPartition(reader.topic(source), p) }
      val (begins, ends) = (consumer.beginningOffsets(places.asJava), consumer.endOffsets(places.asJava))
      val spans = wanted.zip(places).map { case ((source, p, next), tp) =>
        if (ends.get(tp) < next) throw new CheckpointException(s"the checkpoint is at offset $next of $tp, which ends at ${ends.get(tp)}: the topic was made anew")
        val known = journal.position(source, p).getOrElse(0L)
        new Past(source, tp, math.max(if (source == Source.Orders) math.min(known, recent(p)) else known, begins.get(tp).longValue), next)
      }
      new CatchUp(consumer, reader, spans).read(admit(_, _, _, _, null))
    }
  }

  /** The stream of scores. `records`: a Kafka source, read on `from` (next offset by topic and partition; what is not named, from its beginning); the sink takes `key`, `value`, `headers`. */
  def scoresOf(records: DataFrame, brokers: String, from: String): DataFrame = {
    turns = turnsFrom(brokers, from)
    flusher.setDaemon(true)
    flusher.start()
    val raw = records.selectExpr("topic", "partition", "offset", "unix_millis(timestamp)", "value")
      .as(Encoders.tuple(Encoders.STRING, Encoders.scalaInt, Encoders.scalaLong, Encoders.scalaLong, Encoders.BINARY))
    val query = local
    raw.mapPartitions(rows => query.get.scoring(rows))(Encoders.product[ScoreRecord]).toDF()
  }

  private def turnsFrom(brokers: String, from: String): Turns = FraudQuery.reading(brokers) { consumer =>
    val places = for (source <- partitions.indices; p <- 0 until partitions(source)) yield new TopicPartition(reader.topic(source), p)
    val (begins, ends, known) = (consumer.beginningOffsets(places.asJava), consumer.endOffsets(places.asJava), new ObjectMapper().readTree(from))
    val starts = places.map(tp => math.max(begins.get(tp).longValue, known.path(tp.topic).path(tp.partition.toString).asLong(0)))
    new Turns(starts.toArray, places.map(ends.get(_).longValue).toArray, slackMs, batchMs)
  }

  private def admit(source: Int, partition: Int, offset: Long, event: Array[Any], emit: Computed => Unit): Unit = state.synchronized {
    if (event != null) state.take(source, partition, offset, event, emit)
    journal.reached(source, partition, offset + 1)
  }

  private[fraud] def scoring(rows: Iterator[(String, Int, Long, Long, Array[Byte])]): Iterator[ScoreRecord] = new Iterator[ScoreRecord] {
    private val ready = new ArrayBuffer[ScoreRecord]
    private val computed = new ArrayBuffer[Computed]
    private var at = 0
    private var code = -1
    private var ended = false
    private val deadline = turns.deadline

    override def hasNext: Boolean = {
      while (at == ready.length) {
        if (failure != null) throw failure
        if (ended) return false
        ready.clear(); at = 0
        if (code >= 0) turns.polling(code)
        if (rows.hasNext) take() else { ended = true; state.synchronized(state.settle(c => computed += c)) }
        computed.foreach(c => ready += record(c))
        computed.clear()
      }
      true
    }

    private def take(): Unit = {
      val (topic, partition, offset, timestampMs, value) = rows.next()
      val source = reader.source(topic)
      code = firstCode(source) + partition
      val event = reader.read(source, timestampMs, value)
      events.incrementAndGet(source)
      if (event != null) turns.await(code, event(Events.OccurredAt).asInstanceOf[Long], deadline)
      admit(source, partition, offset, event, c => computed += c)
      turns.done(code, offset + 1)
    }

    override def next(): ScoreRecord = { if (!hasNext) throw new NoSuchElementException; at += 1; ready(at - 1) }
  }

  private def record(c: Computed): ScoreRecord = {
    val now = System.currentTimeMillis
    val (set, model, challenger) = (rules.current, models.champion, models.challenger)
    val verdict = champion.judge(c, set, model)
    val shadows = verdict.hits.filter(_.shadow).map(hit => (hit.id, set.version, if (hit.score.isNaN) 0.0 else hit.score, Decision.of(hit.decision))) ++
      (if (challenger == null) None else { val trial = champion.judge(c, set, challenger); Some(("challenger", challenger.version, trial.score, trial.decisionCode)) })
    scores.increment()
    decisions(verdict.decisionCode).increment()
    if (model == null) degraded.increment()
    verdict.hits.foreach(hit => (if (hit.shadow) shadowHits else ruleHits).computeIfAbsent(hit.id, _ => new LongAdder).increment())
    val order = c.order(Events.OrderId).toString
    ScoreRecord(order.getBytes(UTF_8), writers.get.write(c, verdict, set, model, shadows, now), headers(order, c.revision, now))
  }

  private def headers(order: String, revision: Long, now: Long): Seq[Header] = {
    val out = new Array[Header](FraudQuery.Constant.length + 3)
    System.arraycopy(FraudQuery.Constant, 0, out, 0, FraudQuery.Constant.length)
    out(FraudQuery.Constant.length) = Header("ce_id", s"$lane/$order/$revision".getBytes(UTF_8))
    out(FraudQuery.Constant.length + 1) = Header("ce_time", times.get.text(now))
    out(FraudQuery.Constant.length + 2) = Header("traceparent", FraudQuery.trace())
    out.toSeq
  }

  private def flushing(): Unit = try {
    while (!closed) { journal.flush(state); Thread.sleep(1000) }
  } catch {
    case _: InterruptedException => ()
    // Without its journal the state would be lost with the process: the query ends, and says why.
    case e: Throwable => failure = e
  }

  def close(): Unit = if (!closed) { closed = true; flusher.interrupt(); flusher.join(5000); journal.close(state); rules.close(); models.close(); local.close() }

  /** Counters and sizes as JSON, for Prometheus. */
  def stats(): String = {
    val out = new ObjectMapper().createObjectNode
    state.synchronized {
      out.put("facts", state.factsHeld).put("entities", state.entitiesHeld).put("sessions", state.sessionsHeld).put("revisions", state.revisions).put("forgotten", state.forgotten)
      val at = out.putObject("positions")
      for (source <- 0 until 3; p <- 0 until partitions(source); next <- journal.position(source, p)) at.put(s"$source/$p", next)
    }
    out.put("scores", scores.sum).put("degraded", degraded.sum).put("refused", reader.refused.sum)
    val read = out.putArray("events")
    (0 until 3).foreach(i => read.add(events.get(i)))
    val decided = out.putArray("decisions")
    decisions.foreach(d => decided.add(d.sum))
    val (hits, quiet) = (out.putObject("rules"), out.putObject("shadow"))
    ruleHits.forEach((id, n) => hits.put(id, n.sum))
    shadowHits.forEach((id, n) => quiet.put(id, n.sum))
    out.put("rulesVersion", rules.current.version).put("rulesProblem", rules.problem).put("modelProblem", models.problem)
    out.put("model", Option(models.champion).map(_.version).orNull).put("challenger", Option(models.challenger).map(_.version).orNull)
    out.toString
  }
}

/** The time in words, made once for each millisecond. */
private final class Clock {
  private var at = Long.MinValue
  private var held: Array[Byte] = null
  def text(now: Long): Array[Byte] = { if (now != at) { at = now; held = java.time.Instant.ofEpochMilli(now).toString.getBytes(UTF_8) }; held }
}

object FraudQuery {
  /** Lends a consumer that belongs to no group. */
  private def reading[T](brokers: String)(use: KafkaConsumer[Array[Byte], Array[Byte]] => T): T = {
    val settings = new Properties
    settings.put("bootstrap.servers", brokers)
    settings.put("enable.auto.commit", "false")
    settings.put("auto.offset.reset", "earliest")
    settings.put("max.partition.fetch.bytes", "16777216")
    val consumer = new KafkaConsumer[Array[Byte], Array[Byte]](settings, new ByteArrayDeserializer, new ByteArrayDeserializer)
    try use(consumer) finally consumer.close()
  }

  private val Digits = "0123456789abcdef".getBytes(UTF_8)

  /** A W3C traceparent of its own, sampled. */
  private def trace(): Array[Byte] = {
    val random = ThreadLocalRandom.current
    val out = "00-................................-................-01".getBytes(UTF_8)
    def hex(at: Int): Unit = {
      val bits = random.nextLong()
      var i = 0
      while (i < 16) { out(at + i) = Digits(((bits >>> (4 * i)) & 15).toInt); i += 1 }
    }
    hex(3); hex(19); hex(36)
    out
  }

  private val Constant = Array("ce_specversion" -> "1.0", "ce_source" -> "/millrace/spark-streaming", "ce_type" -> "io.millrace.FraudScore", "content-type" -> "application/avro")
    .map { case (name, value) => Header(name, value.getBytes(UTF_8)) }
}
