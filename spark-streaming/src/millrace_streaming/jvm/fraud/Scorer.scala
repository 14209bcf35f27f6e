package io.millrace.streaming.fraud

/** The decisions, from the mildest to the hardest. */
private[fraud] object Decision {
  val Names = Array("ALLOW", "REVIEW", "DECLINE")
  def of(name: String): Int = Names.indexOf(name)
}

/** What rules and model say of one order. `model`: NaN where there is none. */
final class Verdict(val score: Double, val decisionCode: Int, val model: Double, val hits: Array[RuleHit], val contributions: Array[Double]) {
  def decision: String = Decision.Names(decisionCode)
}

/** What the scores come from; either may change while the stream runs, and the model may be missing. */
trait Sources {
  def rules: RuleSet
  /** null where there is none. */
  def model: TreeModel
}

/**
 * Rules and model together. The model's probability falls into a band: allow, review or decline. A rule that fires asks for at least its
 * decision and its probability; one that says ALLOW overrules the band and every REVIEW, but no DECLINE. Without a model the rules decide alone.
 */
final class Scorer(sources: Sources, width: Int) {
  def judge(c: Computed): Verdict = judge(c, sources.rules, sources.model)

  private[fraud] def judge(c: Computed, rules: RuleSet, model: TreeModel): Verdict = {
    val contributions = if (model == null) null else new Array[Double](width)
    val probability = if (model == null) Double.NaN else model.score(c.features, contributions)
    val reviewAt = Scorer.first(rules.reviewAt, if (model == null) Double.NaN else model.reviewAt, Scorer.ReviewAt)
    val declineAt = Scorer.first(rules.declineAt, if (model == null) Double.NaN else model.declineAt, Scorer.DeclineAt)
    val hits = rules.evaluate(c.features, Scorer.texts(c.order))
    var score = if (probability.isNaN) 0.0 else probability
    var band = if (score >= declineAt) 2 else if (score >= reviewAt) 1 else 0
    var asked = 0
    var allowed = false
    hits.foreach { hit =>
      if (!hit.shadow) {
        val decision = Decision.of(hit.decision)
        if (decision == 0) allowed = true
        else {
          asked = math.max(asked, decision)
          score = math.max(score, Scorer.first(hit.score, if (decision == 2) declineAt else reviewAt, Double.NaN))
        }
      }
    }
    if (allowed) { band = 0; if (asked < 2) asked = 0 }
    new Verdict(score, math.max(band, asked), probability, hits, contributions)
  }
}

private[fraud] object Scorer {
  /** Bands where neither rules nor model say any. */
  private final val ReviewAt = 0.5
  private final val DeclineAt = 0.9

  private def first(a: Double, b: Double, c: Double): Double = if (!a.isNaN) a else if (!b.isNaN) b else c

  private lazy val fields = RuleSet.Texts.map(Events.Order.fieldIndex)
  def texts(order: Array[Any]): Array[String] = {
    val out = new Array[String](fields.length)
    var i = 0
    while (i < out.length) { val value = order(fields(i)); out(i) = if (value == null) "" else value.toString; i += 1 }
    out
  }
}
