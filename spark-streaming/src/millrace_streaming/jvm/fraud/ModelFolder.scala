package io.millrace.streaming.fraud

import java.nio.file.{Files, Path}

/**
 * The models of one lane: `champion` and `challenger` are files that name a version, a folder beside them. Looked at every second, so that
 * a promotion needs no restart. A model that cannot be loaded leaves the one before in force, and `problem` says why.
 */
final class ModelFolder(folder: Path, features: Array[String]) {
  @volatile var champion, challenger: TreeModel = null
  @volatile var problem: String = null
  @volatile private var closed = false
  private val watcher = new Thread(() => watch(), "fraud-models")

  look()
  watcher.setDaemon(true)
  watcher.start()

  private def watch(): Unit = try while (!closed) { Thread.sleep(ModelFolder.LookMs); look() }
  catch { case _: InterruptedException => () }

  private def look(): Unit = {
    var trouble: String = null
    def load(role: String, known: TreeModel): TreeModel = {
      val version = try Files.readString(folder.resolve(role)).trim catch { case _: java.nio.file.NoSuchFileException => null; case e: java.io.IOException => trouble = s"$role: $e"; return known }
      if (version == null) null
      else if (known != null && known.version == version) known
      else try TreeModel.load(folder.resolve(version), features)
      catch { case e: Exception => trouble = s"$role $version: ${e.getMessage}"; known }
    }
    champion = load("champion", champion)
    challenger = load("challenger", challenger)
    if (trouble != null && trouble != problem) ModelFolder.log.warn(trouble)
    problem = trouble
  }

  def close(): Unit = { closed = true; watcher.interrupt() }
}

private object ModelFolder {
  private final val LookMs = 1000L
  private val log = org.slf4j.LoggerFactory.getLogger(classOf[ModelFolder])
}
