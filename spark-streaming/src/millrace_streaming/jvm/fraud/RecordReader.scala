package io.millrace.streaming.fraud

import java.net.URI
import java.net.http.{HttpClient, HttpRequest, HttpResponse}
import java.time.Duration
import java.util.concurrent.atomic.LongAdder

import com.fasterxml.jackson.databind.ObjectMapper
import io.millrace.streaming.{Refusal, TopicGate, UnknownSchema}
import org.apache.avro.Schema
import org.apache.spark.unsafe.types.UTF8String

/**
 * Decodes the records of the topics that features are made of, for stream and batch alike. A record that is no event is passed over and
 * counted: the metrics job, which reads the same topics but the labels, dead-letters it. `topics` and `contracts` in the order of `Source`.
 */
final class RecordReader(topics: Array[String], contracts: Array[String], registryUrl: String, earliestMs: Long, aheadMs: Long) {
  private val gates = topics.indices.map(i => new TopicGate(UTF8String.fromString(topics(i)), i, new Schema.Parser().parse(contracts(i)))).toArray
  private val wanted = Array(Events.Order, Events.Click, Events.Label)
  private lazy val http = HttpClient.newBuilder.connectTimeout(RecordReader.Patience).build
  val refused = new LongAdder

  def source(topic: String): Int = topics.indexOf(topic)
  def topic(source: Int): String = topics(source)

  /** Fields of the event, or null where the record is none. Waits while the registry does not answer about a schema that is new. */
  def read(source: Int, timestampMs: Long, value: Array[Byte]): Array[Any] = {
    val gate = gates(source)
    while (true) {
      try {
        val event = gate.read(value)
        val at = event(Events.OccurredAt).asInstanceOf[Long]
        val now = System.currentTimeMillis
        if (at >= earliestMs && at - (if (timestampMs > 0) math.min(timestampMs, now) else now) <= aheadMs) return event
        refused.increment()
        return null
      } catch {
        case e: UnknownSchema => learn(gate, e.id)
        case _: Refusal | _: StackOverflowError => refused.increment(); return null
        // One record never ends the query: what the walk did not foresee is a record that cannot be decoded.
        case _: RuntimeException => refused.increment(); return null
      }
    }
    null
  }

  private def learn(gate: TopicGate, id: Int): Unit = gate.synchronized {
    if (!gate.plans.containsKey(id) && !gate.refused.containsKey(id)) {
      val answer = try http.send(HttpRequest.newBuilder(URI.create(s"$registryUrl/schemas/ids/$id")).timeout(RecordReader.Patience).build, HttpResponse.BodyHandlers.ofString)
      catch { case _: java.io.IOException => null }
      if (answer == null || answer.statusCode >= 500) Thread.sleep(RecordReader.PauseMs)
      else if (answer.statusCode != 200) gate.refused.put(id, s"the registry has no schema $id")
      else try gate.plans.put(id, gate.compiler.root(new Schema.Parser().parse(RecordReader.json.readTree(answer.body).get("schema").asText), wanted(gate.code)))
      catch { case e @ (_: io.millrace.streaming.PlanException | _: org.apache.avro.AvroRuntimeException) => gate.refused.put(id, e.getMessage) }
    }
  }
}

private object RecordReader {
  private val Patience = Duration.ofSeconds(10)
  private val PauseMs = 500L
  private val json = new ObjectMapper
}
