package io.millrace.streaming.fraud

import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.atomic.AtomicInteger

/** Lends tasks what cannot be serialized: they run in this JVM (local mode), and only a number goes with them. */
private[fraud] final class Local[T] private (number: Int) extends Serializable {
  def get: T = Local.held.get(number).asInstanceOf[T]
  def close(): Unit = Local.held.remove(number)
}

private[fraud] object Local {
  private val held = new ConcurrentHashMap[Int, Any]
  private val numbers = new AtomicInteger

  def of[T](value: T): Local[T] = {
    val number = numbers.incrementAndGet
    held.put(number, value)
    new Local[T](number)
  }
}
