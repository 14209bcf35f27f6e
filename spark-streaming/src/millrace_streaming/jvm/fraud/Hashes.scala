package io.millrace.streaming.fraud

import org.apache.spark.sql.catalyst.expressions.XXH64
import org.apache.spark.unsafe.types.UTF8String

private[fraud] object Hashes {
  /** 64 bits that stand for an id; 0 where there is none. One pair in 2^64 collides. */
  def of(id: Any): Long = id match {
    case null => 0
    case text: UTF8String => if (text.numBytes == 0) 0 else { val h = XXH64.hashUnsafeBytes(text.getBaseObject, text.getBaseOffset, text.numBytes, 42L); if (h == 0) 1 else h }
  }
}
