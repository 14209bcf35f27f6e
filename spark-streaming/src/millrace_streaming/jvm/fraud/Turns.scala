package io.millrace.streaming.fraud

/**
 * Lets the partitions of a backlog advance together in event time, so that few orders have to be scored twice: who is further ahead than
 * `slackMs` of a partition that still has records waits for it. A partition that waits for its broker holds nobody up, unless it has not yet come to
 * `ends`, where it ended when the query started; so live traffic never waits. Nor does anybody wait beyond the end of a batch: the others' tasks
 * end then, too, and no batch begins before all have. It is an economy, not a promise: what comes late all the same is FraudState's business.
 */
final class Turns(begins: Array[Long], ends: Array[Long], slackMs: Long, batchMs: Long) {
  private val partitions = ends.length
  private val at = Array.fill(partitions)(Long.MinValue)
  private val reached = begins.clone
  /** When each began to wait for the broker (nanoTime), 0 while it has records. */
  private val since = new Array[Long](partitions)
  /** When each was last seen to advance (nanoTime). */
  private val moved = Array.fill(partitions)(System.nanoTime)
  private val waiting = new Array[Boolean](partitions)
  private val opened = System.nanoTime

  /** When a task that begins now should end (nanoTime). */
  def deadline: Long = System.nanoTime + batchMs * 1000000L

  def polling(p: Int): Unit = synchronized { since(p) = System.nanoTime }

  /** The partition's records before this offset are done. */
  def done(p: Int, next: Long): Unit = synchronized { reached(p) = next; moved(p) = System.nanoTime; if (next >= ends(p)) notifyAll() }

  /** Returns when the partition may have its record of that time taken. `deadline`: of its task. */
  def await(p: Int, time: Long, deadline: Long): Unit = synchronized {
    since(p) = 0
    if (time > at(p)) at(p) = time
    notifyAll()
    val until = math.max(deadline, System.nanoTime) + Turns.GraceNs
    waiting(p) = true
    try while (isAhead(p, time) && System.nanoTime < until) wait(Turns.LookMs)
    finally { waiting(p) = false; moved(p) = System.nanoTime }
  }

  private def isAhead(p: Int, time: Long): Boolean = {
    var q = 0
    while (q < partitions) {
      if (q != p && at(q) < time - slackMs && !idle(q)) return true
      q += 1
    }
    false
  }

  /** One that has not come to the end it had at the start has records, however long the broker takes to send them. */
  private def idle(q: Int): Boolean = {
    // What lies before the end may be no records at all, such as marks of transactions: nobody waits for it twice.
    if (reached(q) < ends(q) && !waiting(q) && System.nanoTime - moved(q) > Turns.LongestNs) ends(q) = reached(q)
    if (reached(q) < ends(q)) false
    else if (since(q) != 0) System.nanoTime - since(q) > Turns.IdleNs else at(q) == Long.MinValue && System.nanoTime - opened > Turns.StartNs
  }
}

private object Turns {
  private final val IdleNs = 20L * 1000 * 1000
  private final val StartNs = 5L * 1000 * 1000 * 1000
  private final val LongestNs = 30L * 1000 * 1000 * 1000
  /** By how much tasks of one batch may begin and end apart. */
  private final val GraceNs = 250L * 1000 * 1000
  private final val LookMs = 5L
}
