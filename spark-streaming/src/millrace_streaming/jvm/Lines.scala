package io.millrace.streaming

import org.apache.spark.sql.catalyst.InternalRow
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow
import org.apache.spark.sql.catalyst.util.{ArrayData, GenericArrayData}
import org.apache.spark.unsafe.types.UTF8String

/** The lines of an order as cells (transforms/cell.py). Spark's `transform` would take the whole query out of code generation. */
private[streaming] object Lines {
  private val Width = 8
  private val Unknown = UTF8String.fromString("unknown")

  /** One cell of `lineKind` per line, and one of `categoryKind` per category among them. */
  def cells(lines: ArrayData, currency: UTF8String, lineKind: Int, categoryKind: Int): ArrayData = {
    val n = if (lines == null) 0 else lines.numElements
    val found = new java.util.LinkedHashSet[UTF8String]
    val made = new Array[Any](n)
    var i = 0
    while (i < n) {
      val line = lines.getStruct(i, 4)
      val category = named(line)
      found.add(category)
      made(i) = cell(lineKind, category, currency, line.getUTF8String(0), line.getLong(3), line.getInt(2))
      i += 1
    }
    val all = java.util.Arrays.copyOf(made.asInstanceOf[Array[AnyRef]], n + found.size)
    found.forEach { category => all(i) = cell(categoryKind, category, currency, null, null, null); i += 1 }
    new GenericArrayData(all.asInstanceOf[Array[Any]])
  }

  private def named(line: InternalRow): UTF8String = {
    val category = if (line.isNullAt(1)) null else line.getUTF8String(1)
    if (category == null || category.numBytes == 0) Unknown else category
  }

  private def cell(kind: Int, category: UTF8String, currency: UTF8String, product: Any, amount: Any, quantity: Any): InternalRow = {
    val row = new Array[Any](Width)
    row(0) = kind
    row(1) = category
    row(2) = currency
    row(3) = product
    row(5) = amount
    row(6) = if (quantity == null) null else quantity.asInstanceOf[Int].toLong
    new GenericInternalRow(row)
  }
}
