package io.millrace.streaming.fraud

import java.nio.charset.StandardCharsets.UTF_8
import java.security.MessageDigest

import scala.collection.mutable.{ArrayBuffer, LinkedHashMap}
import scala.jdk.CollectionConverters._

import dev.cel.common.CelSourceLocation
import org.snakeyaml.engine.v2.api.LoadSettings
import org.snakeyaml.engine.v2.api.lowlevel.Compose
import org.snakeyaml.engine.v2.common.ScalarStyle
import org.snakeyaml.engine.v2.exceptions.{Mark, MarkedYamlEngineException, YamlEngineException}
import org.snakeyaml.engine.v2.nodes.{MappingNode, Node, ScalarNode, SequenceNode, Tag}

/** From the text of a rules file to rules. */
private final class RuleReader(features: Array[String]) {
  import RuleReader._

  private val problems = ArrayBuffer.empty[(Mark, String)]

  def read(yaml: String): RuleSet = {
    val root =
      try new Compose(Settings).composeString(yaml).orElse(null)
      catch {
        case error: MarkedYamlEngineException => throw new RuleFileException(Array(at(error.getProblemMark.orElse(null), error.getProblem)))
        case error: YamlEngineException => throw new RuleFileException(Array(at(null, error.getMessage)))
        case _: StackOverflowError => throw new RuleFileException(Array(at(null, "is nested too deep")))
      }
    if (root == null) throw new RuleFileException(Array(at(null, "is empty")))
    val top = mapping(root, "", Seq("version", "bands", "lists", "rules"))
    val number = required(top, root, "version", "").flatMap(whole(_, "version: ")).getOrElse(0L)
    val (reviewAt, declineAt) = top.get("bands").fold((Double.NaN, Double.NaN))(bands)
    val conditions = new Conditions(features, RuleSet.Texts, top.get("lists").fold(Map.empty[String, Items])(lists))
    val rules = required(top, root, "rules", "").fold(Seq.empty[Node])(sequence(_, "rules: "))
    if (rules.size > MaxRules) report(root, s"rules: ${rules.size} are more than $MaxRules")
    val seen = new java.util.HashSet[String]
    val made = rules.take(MaxRules).zipWithIndex.flatMap { case (node, i) => rule(node, i, conditions, seen, reviewAt, declineAt) }
    if (problems.nonEmpty) throw new RuleFileException(problems.sortBy { case (mark, _) => mark.getIndex }.map { case (mark, reason) => at(mark, reason) }.toArray)
    val hash = MessageDigest.getInstance("SHA-256").digest(yaml.getBytes(UTF_8)).take(4).map(b => f"$b%02x").mkString
    new RuleSet(s"$number-$hash", reviewAt, declineAt, made.toArray, features.length)
  }

  private def bands(node: Node): (Double, Double) = {
    val fields = mapping(node, "bands: ", Seq("review", "decline"))
    def band(name: String): Double = required(fields, node, name, "bands: ").flatMap(probability(_, s"bands: $name: ")).getOrElse(Double.NaN)
    val (review, decline) = (band("review"), band("decline"))
    if (review >= decline) report(fields("decline"), "bands: decline must be greater than review")
    (review, decline)
  }

  private def lists(node: Node): Map[String, Items] = mappingOf(node, "lists: ").flatMap { case (name, values) =>
    if (!ListName.matches(name)) report(values, s"lists: $name: must be letters, digits and _")
    val texts = sequence(values, s"lists: $name: ").flatMap(text(_, s"lists: $name: "))
    if (texts.size > MaxItems) report(values, s"lists: $name: ${texts.size} items are more than $MaxItems")
    if (ListName.matches(name)) Some(name -> Items.of(texts)) else None
  }.toMap

  private def rule(node: Node, index: Int, conditions: Conditions, seen: java.util.Set[String], reviewAt: Double, declineAt: Double): Option[Rule] = {
    val named = node match {
      case map: MappingNode => map.getValue.asScala.collectFirst { case pair if textOf(pair.getKeyNode) == "id" => textOf(pair.getValueNode) }.filter(_.nonEmpty)
      case _ => None
    }
    val where = named.fold(s"rule number ${index + 1}: ")(id => s"""rule "$id": """)
    val fields = mapping(node, where, Seq("id", "when", "decision", "score", "mode", "reason", "tests"))
    def field[A](name: String)(take: (Node, String) => Option[A]): Option[A] = required(fields, node, name, where).flatMap(take(_, s"$where$name: "))
    val id = field("id")(text)
    id.foreach { given =>
      if (!Id.matches(given)) report(fields("id"), s"${where}id: must be small letters, digits and -, at most 64")
      if (!seen.add(given)) report(fields("id"), s"${where}id: another rule has this id")
    }
    val condition = field("when")((value, prefix) => this.condition(value, prefix, conditions))
    val decision = field("decision")(oneOf(_, _, "ALLOW", "REVIEW", "DECLINE"))
    val mode = fields.get("mode").fold(Option("live"))(oneOf(_, s"${where}mode: ", "live", "shadow"))
    val asked = fields.get("score").map(value => value -> probability(value, s"${where}score: "))
    if (asked.nonEmpty && decision.contains("ALLOW")) report(asked.get._1, s"${where}score: a rule that allows has none")
    val score = asked.flatMap(_._2).getOrElse(decision match { case Some("DECLINE") => declineAt; case Some("REVIEW") => reviewAt; case _ => 0.0 })
    val reason = field("reason")((value, prefix) => this.reason(value, prefix, conditions))
    val rule = for (i <- id; c <- condition; d <- decision; m <- mode; r <- reason) yield new Rule(i, d, score, m == "shadow", c, r)
    fields.get("tests").foreach(tests(_, s"${where}tests: ", rule))
    rule
  }

  private def condition(node: Node, where: String, conditions: Conditions): Option[Bool] = scalar(node, where).flatMap { value =>
    try Some(conditions.compile(value.getValue))
    catch {
      case error: ConditionException => error.issues.foreach { case (place, reason) => problems += within(value, place) -> s"$where$reason" }; None
      case _: StackOverflowError => report(node, s"${where}is nested too deep"); None
    }
  }

  private def reason(node: Node, where: String, conditions: Conditions): Option[Array[Facets => String]] = text(node, where).map { template =>
    if (template.length > MaxReason) report(node, s"${where}is longer than $MaxReason characters")
    val parts = ArrayBuffer.empty[Facets => String]
    var rest = template
    while (rest.nonEmpty) {
      val plain = rest.takeWhile(c => c != '{' && c != '}')
      rest = rest.drop(plain.length)
      if (plain.nonEmpty) parts += (_ => plain)
      Placeholder.findPrefixMatchOf(rest) match {
        case Some(found) =>
          conditions.indexOf(found.group(1)) match {
            case Some(value) => parts += value
            case None => report(node, where + conditions.unknown(found.group(1)))
          }
          rest = rest.drop(found.matched.length)
        case None if rest.nonEmpty => report(node, s"${where}a brace stands around the name of a value only"); rest = ""
        case None =>
      }
    }
    parts.toArray
  }

  /** Cases of values, all others unknown, for which the rule must hit or miss. */
  private def tests(node: Node, where: String, rule: Option[Rule]): Unit = {
    val kinds = mapping(node, where, Seq("hit", "miss"))
    for ((kind, cases) <- kinds; one <- sequence(cases, s"$where$kind: ")) {
      val row = Array.fill(features.length)(Double.NaN)
      val texts = Array.fill(RuleSet.Texts.length)("")
      val before = problems.length
      mappingOf(one, s"$where$kind: ").foreach { case (name, value) =>
        val (number, string) = (features.indexOf(name), RuleSet.Texts.indexOf(name))
        if (number >= 0) finite(value, s"$where$kind: $name: ").foreach(row(number) = _)
        else if (string >= 0) text(value, s"$where$kind: $name: ").foreach(texts(string) = _)
        else report(value, s"$where$kind: " + unknown(name, features.toSeq ++ RuleSet.Texts))
      }
      if (problems.length == before) rule.foreach { r =>
        val hit = r.holds(new Facets(row, texts))
        if (hit != (kind == "hit")) report(one, s"$where$kind: the rule ${if (hit) "hits" else "misses"}")
      }
    }
  }

  private def unknown(name: String, among: Seq[String]): String =
    s"""nothing is called "$name"${Conditions.nearest(name, among).fold("")(n => s"; did you mean $n?")}"""

  private def report(node: Node, reason: String): Unit = problems += start(node) -> reason

  private def required(fields: collection.Map[String, Node], owner: Node, name: String, where: String): Option[Node] = {
    // A field that is there but cannot be read has been reported.
    if (!fields.contains(name) && owner.isInstanceOf[MappingNode]) report(owner, s"$where$name is missing")
    fields.get(name)
  }

  private def mapping(node: Node, where: String, keys: Seq[String]): collection.Map[String, Node] = {
    val all = mappingOf(node, where)
    keysOf(node).filterNot(key => keys.contains(textOf(key))).foreach { key =>
      report(key, s"""${where}there is no "${textOf(key)}"${Conditions.nearest(textOf(key), keys).fold("")(near => s"; did you mean $near?")}""")
    }
    all.filter { case (key, _) => keys.contains(key) }
  }

  private def mappingOf(node: Node, where: String): collection.Map[String, Node] = node match {
    case map: MappingNode =>
      val fields = LinkedHashMap.empty[String, Node]
      map.getValue.asScala.foreach { pair =>
        val key = textOf(pair.getKeyNode)
        if (fields.put(key, pair.getValueNode).nonEmpty) report(pair.getKeyNode, s"$where$key stands there twice")
      }
      fields
    case _ => report(node, s"${where}must be fields with values"); Map.empty[String, Node]
  }

  private def sequence(node: Node, where: String): Seq[Node] = node match {
    case list: SequenceNode => list.getValue.asScala.toSeq
    case _ => report(node, s"${where}must be a list"); Nil
  }

  private def scalar(node: Node, where: String): Option[ScalarNode] = node match {
    case value: ScalarNode if value.getValue.trim.nonEmpty => Some(value)
    case _ => report(node, s"${where}must be a text"); None
  }

  private def text(node: Node, where: String): Option[String] = node match {
    case value: ScalarNode if value.getTag == Tag.STR && value.getValue.nonEmpty => Some(value.getValue)
    case value: ScalarNode if value.getValue.nonEmpty => report(node, s"$where${value.getValue} is no text; put it in quotes"); None
    case _ => report(node, s"${where}must be a text"); None
  }

  private def oneOf(node: Node, where: String, among: String*): Option[String] = {
    val found = Some(textOf(node)).filter(among.contains(_))
    if (found.isEmpty) report(node, s"${where}must be ${among.init.mkString(", ")} or ${among.last}")
    found
  }

  private def finite(node: Node, where: String): Option[Double] = {
    val found = node match {
      case value: ScalarNode if value.getTag == Tag.INT || value.getTag == Tag.FLOAT => value.getValue.toDoubleOption.filter(n => !n.isNaN && !n.isInfinite)
      case _ => None
    }
    if (found.isEmpty) report(node, s"${where}must be a number")
    found
  }

  private def whole(node: Node, where: String): Option[Long] = {
    val found = Some(textOf(node)).filter(Digits.matches(_)).map(_.toLong)
    if (found.isEmpty) report(node, s"${where}must be a whole number")
    found
  }

  private def probability(node: Node, where: String): Option[Double] = finite(node, where).filter { value =>
    if (value < 0 || value > 1) report(node, s"${where}must be from 0 to 1")
    value >= 0 && value <= 1
  }
}

private object RuleReader {
  final val MaxRules = 500
  final val MaxItems = 100000
  final val MaxReason = 300
  private val Id = "[a-z0-9][a-z0-9-]{0,63}".r
  private val ListName = "[a-zA-Z_][a-zA-Z0-9_]{0,63}".r
  private val Digits = "[0-9]{1,9}".r
  private val Placeholder = """\{([A-Za-z0-9_]+)\}""".r
  private val Settings =
    LoadSettings.builder().setCodePointLimit(RuleFile.MaxBytes).setMaxAliasesForCollections(50).setAllowDuplicateKeys(true).build()

  private def keysOf(node: Node): Seq[Node] = node match { case map: MappingNode => map.getValue.asScala.map(_.getKeyNode).toSeq; case _ => Nil }
  private def textOf(node: Node): String = node match { case value: ScalarNode => value.getValue; case _ => "" }
  private def start(node: Node): Mark = node.getStartMark.get
  private def at(mark: Mark, reason: String): String = if (mark == null) s"1:1: $reason" else s"${mark.getLine + 1}:${mark.getColumn + 1}: $reason"

  /** A place within a scalar's text as a place in the file; the scalar's beginning where YAML has folded lines or read escapes. */
  private def within(node: ScalarNode, place: CelSourceLocation): Mark = {
    val mark = start(node)
    if (place == null) return mark
    val (line, column) = (place.getLine - 1, place.getColumn)
    val buffer = mark.getBuffer
    def moved(lines: Int, to: Int): Mark = new Mark(mark.getName, mark.getIndex, mark.getLine + lines, to, buffer, mark.getPointer)
    node.getScalarStyle match {
      case ScalarStyle.PLAIN if sameLine(node) => moved(0, mark.getColumn + column)
      case ScalarStyle.SINGLE_QUOTED | ScalarStyle.DOUBLE_QUOTED if sameLine(node) => moved(0, mark.getColumn + 1 + column)
      case ScalarStyle.LITERAL =>
        // The indentation is that of the first line with something in it.
        val source = new String(buffer, mark.getPointer, buffer.length - mark.getPointer).linesIterator.drop(1)
        val indent = source.find(_.trim.nonEmpty).fold(0)(_.takeWhile(_ == ' ').length)
        moved(1 + line, indent + column)
      case _ => mark
    }
  }

  private def sameLine(node: Node): Boolean = node.getStartMark.get.getLine == node.getEndMark.get.getLine
}
