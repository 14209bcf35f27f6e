package io.millrace.streaming.fraud

import java.nio.file.{Files, Path}

import org.apache.spark.sql.{DataFrame, Row}
import org.apache.spark.sql.catalyst.InternalRow
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow
import org.apache.spark.sql.catalyst.util.GenericArrayData
import org.apache.spark.sql.functions.{asc, col}
import org.apache.spark.sql.millrace.Frames
import org.apache.spark.sql.types._
import org.apache.spark.unsafe.types.UTF8String

/** One way to score: rules, a model, or both. Named in the columns it adds. */
final class Variant(val name: String, val scorer: Scorer)

object Variant {
  /** `model`: folder of a version, null for rules alone. Throws RuleFileException, ModelException. */
  def of(name: String, rules: String, model: String, features: Array[String]): Variant = {
    val set = RuleSet.parse(Files.readString(Path.of(rules)), features)
    val trees = if (model == null) null else TreeModel.load(Path.of(model), features)
    new Variant(name, new Scorer(new Sources { def rules: RuleSet = set; def model: TreeModel = trees }, features.length))
  }
}

/**
 * The stream's computation over a range of the topics: all events in the order of their event times through the same FraudState, so that
 * a row is what the stream's last revision of that order says. For training, comparing and checking.
 */
object FraudBatch {
  private val Decoded = StructType(Seq(StructField("at", LongType), StructField("rank", IntegerType), StructField("partition", IntegerType),
    StructField("offset", LongType), StructField("timestampMs", LongType), StructField("value", BinaryType)))

  private final class Job(val reader: RecordReader, val features: Features, val variants: Array[Variant])

  /** Of events of one time, what an order knows comes before it. */
  private def rank(source: Int): Int = source match { case Source.Labels => 0; case Source.Clicks => 1; case _ => 2 }
  private def source(rank: Int): Int = rank match { case 0 => Source.Labels; case 1 => Source.Clicks; case _ => Source.Orders }

  /** One row per order placed: what it was, its features by name, and by variant `score_…`, `decision_…`, `rules_…`. `records`: columns of the Kafka source. */
  def run(records: DataFrame, planJson: String, reader: RecordReader, variants: Array[Variant]): DataFrame = {
    val features = Features.parse(planJson)
    val session = records.sparkSession
    val held = Local.of(new Job(reader, features, variants))
    val decoded = records.select(col("topic"), col("partition"), col("offset"), col("timestamp"), col("value")).rdd.mapPartitions { rows =>
      val reader = held.get.reader
      rows.flatMap { r =>
        val from = reader.source(r.getString(0))
        val timestampMs = r.getTimestamp(3).getTime
        val event = reader.read(from, timestampMs, r.getAs[Array[Byte]](4))
        if (event == null) None
        else Some(Row(event(Events.OccurredAt), rank(from), r.getInt(1), r.getLong(2), timestampMs, r.getAs[Array[Byte]](4)))
      }
    }
    val sorted = session.createDataFrame(decoded, Decoded).repartition(1).sortWithinPartitions(Decoded.fieldNames.toSeq.take(4).map(asc): _*)
    val computed = sorted.rdd.mapPartitions { rows =>
      val job = held.get
      val reader = job.reader
      val state = new FraudState(job.features, 0, Int.MaxValue, null)
      rows.flatMap { r =>
        var out: Option[InternalRow] = None
        val event = reader.read(source(r.getInt(1)), r.getLong(4), r.getAs[Array[Byte]](5))
        state.take(source(r.getInt(1)), r.getInt(2), r.getLong(3), event, c => out = Some(row(c, job.variants)))
        out
      }
    }
    Frames.of(records, computed, schema(features, variants))
  }

  private val Told = Seq("orderId" -> Events.OrderId, "customerId" -> Events.CustomerId, "cardId" -> Events.CardId, "currency" -> Events.Currency, "country" -> Events.Country)
  private val Numbers = Seq("occurredAt" -> LongType, "amountMinor" -> LongType, "partition" -> IntegerType, "offset" -> LongType, "revision" -> LongType)

  private def schema(features: Features, variants: Array[Variant]): StructType = StructType(
    Told.map { case (name, _) => StructField(name, StringType) } ++ Numbers.map { case (name, kind) => StructField(name, kind) } ++
      features.names.map(StructField(_, DoubleType)) ++ variants.flatMap { v =>
        Seq(StructField(s"score_${v.name}", DoubleType), StructField(s"decision_${v.name}", StringType), StructField(s"rules_${v.name}", ArrayType(StringType)))
      })

  /** Rows without Spark's conversions, which took longer than the features. */
  private def row(c: Computed, variants: Array[Variant]): InternalRow = {
    val out = new Array[Any](Numbers.length + Told.length + c.features.length + 3 * variants.length)
    var at = 0
    def put(value: Any): Unit = { out(at) = value; at += 1 }
    Told.foreach { case (_, field) => put(c.order(field)) }
    put(c.order(Events.OccurredAt)); put(c.order(Events.TotalMinor)); put(c.partition); put(c.offset); put(c.revision)
    var i = 0
    while (i < c.features.length) { put(c.features(i)); i += 1 }
    variants.foreach { v =>
      val verdict = v.scorer.judge(c)
      put(verdict.score); put(UTF8String.fromString(verdict.decision))
      put(new GenericArrayData(verdict.hits.filterNot(_.shadow).map(hit => UTF8String.fromString(hit.id): Any)))
    }
    new GenericInternalRow(out)
  }
}
