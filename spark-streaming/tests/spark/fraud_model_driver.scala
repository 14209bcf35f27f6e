import java.io.{BufferedInputStream, BufferedOutputStream, DataInputStream, DataOutputStream}
import java.lang.management.ManagementFactory
import java.nio.file.{Files, Path}

import io.millrace.streaming.fraud.{ModelException, TreeModel}

/**
 * For test_fraud_model_jvm.py. Arguments: folder of a version, file with the names of the row's elements, file of rows (big-endian doubles),
 * file to write: per row the probability and the contributions. Four threads share the model, and must agree to the bit.
 */
object FraudModelDriver {
  def main(args: Array[String]): Unit = {
    val names = Files.readAllLines(Path.of(args(1))).toArray(Array.empty[String])
    val model =
      try TreeModel.load(Path.of(args(0)), names)
      catch { case e: ModelException => println(e.getMessage); sys.exit(3) }
    val in = new DataInputStream(new BufferedInputStream(Files.newInputStream(Path.of(args(2)))))
    val rows = Array.fill(in.available / 8 / names.length)(Array.fill(names.length)(in.readDouble()))
    val found = new Array[Array[Array[Double]]](4)
    val threads = found.indices.map(i => new Thread(() => found(i) = rows.map(scored(model, _))))
    threads.foreach(_.start())
    threads.foreach(_.join())
    if (!found.tail.forall(_.zip(found.head).forall { case (a, b) => java.util.Arrays.equals(a, b) })) { println("threads disagree"); sys.exit(4) }
    val out = new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(Path.of(args(3)))))
    found.head.foreach(_.foreach(out.writeDouble))
    out.close()
    println(s"${model.version} ${model.reviewAt} ${model.declineAt} ${model.base} ${model.used.mkString(",")}")
    if (args.length > 4) measure(model, rows)
  }

  private def scored(model: TreeModel, row: Array[Double]): Array[Double] = {
    val contributions = new Array[Double](row.length)
    // What an earlier row left is to be forgotten.
    model.used.foreach(contributions(_) = 99)
    model.score(row, contributions) +: contributions
  }

  private def measure(model: TreeModel, rows: Array[Array[Double]]): Unit = {
    val contributions = new Array[Double](rows.head.length)
    val clock = ManagementFactory.getThreadMXBean
    for (_ <- 1 to 8) {
      val start = clock.getCurrentThreadCpuTime
      var (i, sum) = (0, 0.0)
      while (i < 100000) { sum += model.score(rows(i % rows.length), contributions); i += 1 }
      println(s"${(clock.getCurrentThreadCpuTime - start) / 100000} ns a score ($sum)")
    }
  }
}
