package org.apache.spark.sql.millrace

import io.millrace.streaming.Tally

import org.apache.spark.rdd.RDD
import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.catalyst.InternalRow
import org.apache.spark.sql.classic.Dataset
import org.apache.spark.sql.execution.LogicalRDD
import org.apache.spark.sql.types.StructType

/** Bridges that Spark keeps to its own packages. */
object Frames {
  /** A batch of the Kafka source as cells. */
  def cells(records: DataFrame): DataFrame = {
    val classic = records.asInstanceOf[Dataset[_]]
    val schema = classic.schema
    val Seq(topic, partition, offset, timestamp, value) = Seq("topic", "partition", "offset", "timestamp", "value").map(schema.fieldIndex)
    val at = Tally.Places(topic, partition, offset, timestamp, value)
    val cells = rows(classic).mapPartitions(Tally.run(_, at))
    classic.sparkSession.internalCreateDataFrame(cells, Tally.Columns)
  }

  /** Rows that are in Spark's form already, in the session of `other`. */
  def of(other: DataFrame, rows: RDD[InternalRow], schema: StructType): DataFrame =
    other.asInstanceOf[Dataset[_]].sparkSession.internalCreateDataFrame(rows, schema)

  /** A batch of a stream holds its rows already; planned again, each would be copied once more. */
  private def rows(frame: Dataset[_]): RDD[InternalRow] = frame.queryExecution.analyzed match {
    case held: LogicalRDD => held.rdd
    case _ => frame.queryExecution.toRdd
  }
}
