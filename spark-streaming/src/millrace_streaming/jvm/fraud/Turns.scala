package io.millrace.streaming.fraud

/**
 * Lets the partitions of a backlog advance together in event time, so that few orders have to be scored twice: who is further ahead than
 * `slackMs` of a partition that still has records waits for it. A partition that waits for its broker holds nobody up, so live traffic
 * never waits. It is an economy, not a promise: what comes late all the same is FraudState's business.
 */
final class Turns(partitions: Int, slackMs: Long) {
  private val at = Array.fill(partitions)(Long.MinValue)
  /** When each began to wait for the broker (nanoTime), 0 while it has records. */
  private val since = new Array[Long](partitions)
  private val opened = System.nanoTime

  def polling(p: Int): Unit = synchronized { since(p) = System.nanoTime }

  /** Returns when the partition may have its record of that time taken. */
  def await(p: Int, time: Long): Unit = synchronized {
    since(p) = 0
    val before = at(p)
    if (time > before) at(p) = time
    notifyAll()
    val until = System.nanoTime + Turns.LongestNs
    while (isAhead(p, time) && System.nanoTime < until) wait(Turns.LookMs)
  }

  private def isAhead(p: Int, time: Long): Boolean = {
    var q = 0
    while (q < partitions) {
      if (q != p && at(q) < time - slackMs && !idle(q)) return true
      q += 1
    }
    false
  }

  private def idle(q: Int): Boolean =
    if (since(q) != 0) System.nanoTime - since(q) > Turns.IdleNs else at(q) == Long.MinValue && System.nanoTime - opened > Turns.StartNs
}

private object Turns {
  private final val IdleNs = 20L * 1000 * 1000
  private final val StartNs = 5L * 1000 * 1000 * 1000
  private final val LongestNs = 2L * 1000 * 1000 * 1000
  private final val LookMs = 5L
}
