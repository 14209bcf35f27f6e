package io.millrace.streaming.fraud

import java.nio.file.Paths
import java.util.concurrent.atomic.LongAdder

import scala.collection.mutable.ArrayBuffer

/** A rules file cannot be used. Each problem is one line: line, column, rule, field, reason. */
final class RuleFileException(val problems: Array[String]) extends RuntimeException(problems.mkString("\n"))

/**
 * A rule that fired. `decision` is ALLOW, REVIEW or DECLINE; `score` the least probability of fraud it asks for: 0 for ALLOW, NaN where
 * neither the rule nor the file says one, so that the model's band counts. A rule in shadow decides nothing.
 */
final case class RuleHit(id: String, decision: String, score: Double, shadow: Boolean, reason: String)

private final class Rule(
    val id: String, val decision: String, val score: Double, val shadow: Boolean, condition: Bool, reason: Array[Facets => String]) {
  def holds(f: Facets): Boolean = condition.of(f)
  def hit(f: Facets): RuleHit = {
    val said = new StringBuilder
    reason.foreach(part => said.append(part(f)))
    new RuleHit(id, decision, score, shadow, said.toString)
  }
}

/**
 * The rules of one file, compiled. Any thread may use it.
 *
 * @param version the file's own number and a hash of its text: `3-1a2b3c4d`
 * @param reviewAt probability from which the score alone asks for a review; NaN: the model's
 * @param declineAt the same for a refusal
 */
final class RuleSet private[fraud] (val version: String, val reviewAt: Double, val declineAt: Double, rules: Array[Rule], features: Int) {
  private val failed = new LongAdder

  /** Ids in the file's order. */
  def ids: Array[String] = rules.map(_.id)

  /** Rules that failed while they were evaluated, which counts as not hit. */
  def failures: Long = failed.sum

  /**
   * The rules that fire, in the file's order.
   *
   * @param row value of each feature, in the order of those the file was parsed for; NaN: unknown
   * @param texts value of each of [[RuleSet.Texts]]; null or "": unknown
   */
  def evaluate(row: Array[Double], texts: Array[String]): Array[RuleHit] = {
    require(row.length == features && texts.length == RuleSet.Texts.length, s"${row.length} features and ${texts.length} texts")
    val facets = new Facets(row, texts.map(text => if (text == null) "" else text))
    var hits: ArrayBuffer[RuleHit] = null
    var i = 0
    while (i < rules.length) {
      try if (rules(i).holds(facets)) {
        if (hits == null) hits = new ArrayBuffer[RuleHit](4)
        hits += rules(i).hit(facets)
      } catch { case _: RuntimeException => failed.increment() }
      i += 1
    }
    if (hits == null) RuleSet.NoHits else hits.toArray
  }
}

object RuleSet {
  /** Names of the order's texts in the order that [[RuleSet.evaluate]] takes them. */
  val Texts: Array[String] =
    Array("country", "ipCountry", "cardCountry", "cardFunding", "billingCountry", "emailDomain", "paymentMethod", "currency", "promoCode", "customerId")
  private val NoHits = new Array[RuleHit](0)

  /** Reads rules from YAML. Throws [[RuleFileException]] with every problem; a rule that fails its own tests is one. */
  def parse(yaml: String, features: Array[String]): RuleSet = new RuleReader(features).read(yaml)

  /** Empty where the file can be used, else its problems, one a line. */
  def check(path: String, features: Array[String]): String =
    try { RuleFile.load(Paths.get(path), features); "" }
    catch { case error: RuleFileException => error.problems.mkString("\n") }
}
