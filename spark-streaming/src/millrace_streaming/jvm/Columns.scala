package org.apache.spark.sql.millrace

import io.millrace.streaming.Gate

import org.apache.spark.sql.{Column, DataFrame}
import org.apache.spark.sql.catalyst.expressions.objects.StaticInvoke
import org.apache.spark.sql.catalyst.plans.physical.HashPartitioning
import org.apache.spark.sql.classic.{Dataset, ExpressionUtils}
import org.apache.spark.sql.execution.LogicalRDD
import org.apache.spark.sql.types.DataType

/** Bridges that Spark keeps to its own packages. */
object Columns {
  /** A column that calls a static function of [[Gate]] from generated code: no boxing, no row conversion. */
  def call(function: String, typeJson: String, arguments: java.util.List[Column]): Column = {
    val inputs = arguments.toArray(Array.empty[Column]).toSeq.map(ExpressionUtils.expression)
    // Not deterministic: keeps the optimiser from copying the call into each place that reads its result.
    ExpressionUtils.column(StaticInvoke(Gate.getClass, DataType.fromJson(typeJson), function, inputs,
      propagateNull = false, returnNullable = false, isDeterministic = false))
  }

  /**
   * Tells the planner that rows with equal `keys` are in one task, as rows of one Kafka partition are: grouping by them and
   * more then needs no exchange.
   */
  def clustered(frame: DataFrame, keys: java.util.List[String]): DataFrame = {
    val classic = frame.asInstanceOf[Dataset[_]]
    classic.queryExecution.analyzed.collectFirst { case rdd: LogicalRDD => rdd } match {
      case Some(rdd) =>
        val by = keys.toArray(Array.empty[String]).toSeq.map(name => rdd.output.find(_.name == name).get)
        val told = rdd.copy(outputPartitioning = HashPartitioning(by, rdd.rdd.getNumPartitions))(classic.sparkSession, None, None)
        Dataset.ofRows(classic.sparkSession, told)
      case None => frame
    }
  }
}
