package io.millrace.streaming.fraud

import java.io.IOException
import java.nio.charset.StandardCharsets.UTF_8
import java.nio.file.{Files, NoSuchFileException, Path, Paths}
import java.util.Arrays
import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit.MILLISECONDS

import org.apache.spark.internal.Logging

/**
 * A rules file that is read again when it changes, whether it is written over, replaced by a rename, or behind a link that is set anew, as
 * Kubernetes does. A file that cannot be used leaves the rules before it in force. Throws [[RuleFileException]] where the first cannot.
 */
final class RuleFile(path: String, features: Array[String]) extends AutoCloseable with Logging {
  private val file = Paths.get(path)
  private val stopped = new CountDownLatch(1)
  private var accepted = RuleFile.bytes(file)
  @volatile private var rules = RuleFile.parse(file, accepted, features)
  private var refused: Array[Byte] = null
  private var refusal = ""
  @volatile private var trouble = ""
  private val watcher = new Thread(() => while (!stopped.await(RuleFile.EveryMs, MILLISECONDS)) look(), "fraud-rules")
  watcher.setDaemon(true)
  watcher.start()

  /** The rules in force. */
  def current: RuleSet = rules

  /** Why the file as it is now is not in force, one problem a line; empty where it is. */
  def problem: String = trouble

  override def close(): Unit = { stopped.countDown(); watcher.join() }

  /** The whole file is compared: it is small, and neither times nor inodes tell every change on every file system. */
  private def look(): Unit =
    try {
      val now = RuleFile.bytes(file)
      if (Arrays.equals(now, accepted)) say("")
      else if (refused != null && Arrays.equals(now, refused)) say(refusal)
      else take(now)
    } catch {
      case error: RuleFileException => say(error.getMessage)
      // A watcher that died would leave old rules in force for ever without a word.
      case error: Exception => say(s"$file: $error")
    }

  private def take(content: Array[Byte]): Unit =
    try {
      rules = RuleFile.parse(file, content, features)
      accepted = content
      logInfo(s"rules ${rules.version} are in force")
      say("")
    } catch { case error: RuleFileException => refused = content; refusal = error.getMessage; throw error }

  private def say(problem: String): Unit = {
    if (problem != trouble && problem.nonEmpty) logError(s"rules ${rules.version} stay in force: $problem")
    trouble = problem
  }
}

object RuleFile {
  final val MaxBytes: Int = 1 << 20
  private[fraud] final val EveryMs = 1000L

  private[fraud] def load(file: Path, features: Array[String]): RuleSet = parse(file, bytes(file), features)

  private def parse(file: Path, content: Array[Byte], features: Array[String]): RuleSet =
    try RuleSet.parse(new String(content, UTF_8), features)
    catch { case error: RuleFileException => throw new RuleFileException(error.problems.map(problem => s"$file:$problem")) }

  private def bytes(file: Path): Array[Byte] =
    try {
      val stream = Files.newInputStream(file)
      val content = try stream.readNBytes(MaxBytes + 1) finally stream.close()
      if (content.length > MaxBytes) throw new RuleFileException(Array(s"$file: is larger than $MaxBytes bytes"))
      content
    } catch {
      case _: NoSuchFileException => throw new RuleFileException(Array(s"$file: there is no such file"))
      case error: IOException => throw new RuleFileException(Array(s"$file: cannot be read: ${error.getMessage}"))
    }
}
