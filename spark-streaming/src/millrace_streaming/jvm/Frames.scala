package org.apache.spark.sql.millrace

import io.millrace.streaming.{Gate, Tally}

import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.classic.Dataset

/** Bridges that Spark keeps to its own packages. */
object Frames {
  /** A batch of the Kafka source as cells. */
  def cells(records: DataFrame): DataFrame = {
    val classic = records.asInstanceOf[Dataset[_]]
    val schema = classic.schema
    val at = Tally.Places(schema.fieldIndex("topic"), schema.fieldIndex("partition"), schema.fieldIndex("offset"), schema.fieldIndex("timestamp"), schema.fieldIndex("value"))
    val cells = classic.queryExecution.toRdd.mapPartitions(Tally.run(_, at))
    classic.sparkSession.internalCreateDataFrame(cells, Tally.Columns)
  }
}
