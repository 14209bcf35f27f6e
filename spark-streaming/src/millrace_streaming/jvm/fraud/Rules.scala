package io.millrace.streaming.fraud

import java.io.IOException
import java.nio.charset.StandardCharsets.UTF_8
import java.nio.file.{Files, NoSuchFileException, Path, Paths}
import java.security.MessageDigest
import java.util.Arrays
import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit.MILLISECONDS
import java.util.concurrent.atomic.LongAdder

import scala.collection.mutable.{ArrayBuffer, LinkedHashMap}
import scala.jdk.CollectionConverters._

import com.google.re2j.{Pattern, PatternSyntaxException}
import dev.cel.common.{CelAbstractSyntaxTree, CelFunctionDecl, CelIssue, CelMutableAst, CelOptions, CelOverloadDecl, CelSource, CelSourceLocation}
import dev.cel.common.ast.{CelConstant, CelExpr}
import dev.cel.common.ast.CelExpr.ExprKind.Kind
import dev.cel.common.navigation.CelNavigableMutableAst
import dev.cel.common.types.{CelType, ListType, SimpleType}
import dev.cel.compiler.{CelCompiler, CelCompilerFactory}
import dev.cel.parser.CelStandardMacro
import org.apache.spark.internal.Logging
import org.snakeyaml.engine.v2.api.LoadSettings
import org.snakeyaml.engine.v2.api.lowlevel.Compose
import org.snakeyaml.engine.v2.common.ScalarStyle
import org.snakeyaml.engine.v2.exceptions.{Mark, MarkedYamlEngineException, YamlEngineException}
import org.snakeyaml.engine.v2.nodes.{MappingNode, Node, ScalarNode, SequenceNode, Tag}

/** A rules file cannot be used. Each problem is one line: line, column, rule, field, reason. */
final class RuleFileException(val problems: Array[String]) extends RuntimeException(problems.mkString("\n"))

/**
 * A rule that fired. `decision` is ALLOW, REVIEW or DECLINE; `score` the least probability of fraud it asks for: 0 for ALLOW, NaN where
 * neither the rule nor the file says one, so that the model's band counts. A rule in shadow decides nothing.
 */
final case class RuleHit(id: String, decision: String, score: Double, shadow: Boolean, reason: String)

/** What a rule is evaluated on, with the variables of its comprehensions. */
private final class Facets(val row: Array[Double], val texts: Array[String]) {
  val locals = new Array[AnyRef](Language.MaxLoops)
}

private trait Bool { def of(f: Facets): Boolean }
private trait Number { def of(f: Facets): Double }
private trait Text { def of(f: Facets): String }

/** A list of a file, or one written in a rule. */
private final class Items(val parts: Array[Facets => AnyRef], known: java.util.Set[AnyRef]) {
  def has(f: Facets, text: String): Boolean =
    if (known != null) known.contains(text)
    else { var i = 0; while (i < parts.length && parts(i)(f) != text) i += 1; i < parts.length }
  def has(f: Facets, number: Double): Boolean = {
    var i = 0
    while (i < parts.length && parts(i)(f).asInstanceOf[java.lang.Double].doubleValue != number) i += 1
    i < parts.length
  }
}

private object Items {
  def of(texts: Seq[String]): Items = new Items(texts.map(text => (_: Facets) => text).toArray, new java.util.HashSet[AnyRef](texts.asJava))
}

/** One overload of an operator or function: how the checker knows it, and how it is evaluated. */
private final class Overload(val function: String, val decl: CelOverloadDecl, val build: Seq[Any] => Any)

/**
 * The language of conditions: CEL, parsed and checked by CEL's own compiler, with one type of number and only the operators below.
 *
 * A whole number is read as a double: CEL has no `double == int`, and cel-java 0.11 says that NaN is greater than any int. Every comparison
 * with NaN, which is a feature that is not known, is false, `!=` too. The checked tree becomes closures over the row, which
 * take half a microsecond for twenty rules; cel-java's interpreter takes 10 to 20.
 */
private object Language {
  final val MaxChars = 2000
  final val MaxNodes = 500
  final val MaxDepth = 32
  final val MaxLoops = 2
  final val MaxSteps = 10000
  final val MaxPattern = 200
  final val MaxRepeats = 1000L
  /** No country, domain or code is longer; a regular expression takes time for every character. */
  final val MaxMatched = 1024

  private val (bool, number, text) = (SimpleType.BOOL, SimpleType.DOUBLE, SimpleType.STRING)

  private def declare(function: String, id: String, result: CelType, arguments: CelType*)(build: Seq[Any] => Any): Overload =
    new Overload(function, CelOverloadDecl.newGlobalOverload(id, result, arguments.asJava), build)

  private def compare(function: String, id: String)(f: (Double, Double) => Boolean): Overload =
    declare(function, id, bool, number, number) { case Seq(a: Number, b: Number) => ((x => f(a.of(x), b.of(x))): Bool) }

  private def reckon(function: String, id: String)(f: (Double, Double) => Double): Overload =
    declare(function, id, number, number, number) { case Seq(a: Number, b: Number) => ((x => f(a.of(x), b.of(x))): Number) }

  private def ofTexts(function: String)(f: (String, String) => Boolean): Overload =
    new Overload(function, CelOverloadDecl.newMemberOverload(s"string_$function", bool, Arrays.asList[CelType](text, text)),
      { case Seq(a: Text, b: Text) => ((x => f(a.of(x), b.of(x))): Bool) })

  val overloads: Seq[Overload] = Seq(
    declare("_&&_", "and", bool, bool, bool) { case Seq(a: Bool, b: Bool) => ((x => a.of(x) && b.of(x)): Bool) },
    declare("_||_", "or", bool, bool, bool) { case Seq(a: Bool, b: Bool) => ((x => a.of(x) || b.of(x)): Bool) },
    declare("!_", "not", bool, bool) { case Seq(a: Bool) => ((x => !a.of(x)): Bool) },
    // Only in what exists() and all() become; those are taken as a whole.
    declare("@not_strictly_false", "not_strictly_false", bool, bool) { case Seq(a: Bool) => a },
    declare("_?_:_", "choose_bool", bool, bool, bool, bool) { case Seq(c: Bool, a: Bool, b: Bool) => ((x => if (c.of(x)) a.of(x) else b.of(x)): Bool) },
    declare("_?_:_", "choose_number", number, bool, number, number) {
      case Seq(c: Bool, a: Number, b: Number) => ((x => if (c.of(x)) a.of(x) else b.of(x)): Number)
    },
    declare("_?_:_", "choose_text", text, bool, text, text) { case Seq(c: Bool, a: Text, b: Text) => ((x => if (c.of(x)) a.of(x) else b.of(x)): Text) },
    compare("_==_", "equals_number")(_ == _),
    declare("_==_", "equals_text", bool, text, text) { case Seq(a: Text, b: Text) => ((x => a.of(x) == b.of(x)): Bool) },
    declare("_==_", "equals_bool", bool, bool, bool) { case Seq(a: Bool, b: Bool) => ((x => a.of(x) == b.of(x)): Bool) },
    compare("_!=_", "differs_number")((a, b) => a < b || a > b),
    declare("_!=_", "differs_text", bool, text, text) { case Seq(a: Text, b: Text) => ((x => a.of(x) != b.of(x)): Bool) },
    declare("_!=_", "differs_bool", bool, bool, bool) { case Seq(a: Bool, b: Bool) => ((x => a.of(x) != b.of(x)): Bool) },
    compare("_<_", "less")(_ < _),
    compare("_<=_", "less_equals")(_ <= _),
    compare("_>_", "greater")(_ > _),
    compare("_>=_", "greater_equals")(_ >= _),
    reckon("_+_", "add")(_ + _),
    reckon("_-_", "subtract")(_ - _),
    reckon("_*_", "multiply")(_ * _),
    reckon("_/_", "divide")(_ / _),
    declare("-_", "negate", number, number) { case Seq(a: Number) => ((x => -a.of(x)): Number) },
    declare("@in", "in_texts", bool, text, ListType.create(text)) { case Seq(a: Text, b: Items) => ((x => b.has(x, a.of(x))): Bool) },
    declare("@in", "in_numbers", bool, number, ListType.create(number)) { case Seq(a: Number, b: Items) => ((x => b.has(x, a.of(x))): Bool) },
    declare("known", "known_number", bool, number) { case Seq(a: Number) => ((x => { val v = a.of(x); v == v }): Bool) },
    declare("known", "known_text", bool, text) { case Seq(a: Text) => ((x => !a.of(x).isEmpty): Bool) },
    declare("size", "size_text", number, text) { case Seq(a: Text) => ((x => { val t = a.of(x); t.codePointCount(0, t.length) }): Number) },
    ofTexts("startsWith")(_ startsWith _),
    ofTexts("endsWith")(_ endsWith _),
    ofTexts("contains")(_ contains _),
    new Overload("matches", CelOverloadDecl.newMemberOverload("string_matches", bool, Arrays.asList[CelType](text, text)),
      { case Seq(a: Text, pattern: Pattern) => ((x => { val t = a.of(x); t.length <= MaxMatched && pattern.matcher(t).find() }): Bool) }))

  val byId: Map[String, Overload] = overloads.map(o => o.decl.overloadId -> o).toMap

  def compiler(features: Array[String], texts: Array[String], lists: Iterable[String]): CelCompiler = {
    val options = CelOptions.current().maxExpressionCodePointSize(MaxChars).maxParseRecursionDepth(MaxDepth)
      .enableCompileTimeOverloadResolution(true).build()
    val builder = CelCompilerFactory.standardCelCompilerBuilder().setOptions(options).setStandardEnvironmentEnabled(false)
      .setStandardMacros(CelStandardMacro.ALL, CelStandardMacro.EXISTS).setResultType(bool)
    overloads.groupBy(_.function).foreach { case (function, all) =>
      builder.addFunctionDeclarations(CelFunctionDecl.newFunctionDeclaration(function, all.map(_.decl).asJava))
    }
    features.foreach(builder.addVar(_, number))
    texts.foreach(builder.addVar(_, text))
    lists.foreach(name => builder.addVar(s"lists.$name", ListType.create(text)))
    builder.build()
  }
}

/** A condition cannot be used; places in its text are (line from 0, column from 0), null where there is none. */
private final class ConditionException(val issues: Seq[(CelSourceLocation, String)]) extends Exception(issues.map(_._2).mkString("\n"), null, false, false)

/** Compiles the conditions of one file. */
private final class Conditions(features: Array[String], texts: Array[String], lists: collection.Map[String, Items]) {
  private val compiler = Language.compiler(features, texts, lists.keys)
  private val numbers = features.zipWithIndex.toMap
  private val strings = texts.zipWithIndex.toMap
  val names: Seq[String] = features.toSeq ++ texts

  /** Throws [[ConditionException]] with every problem that CEL finds. */
  def compile(expression: String): Bool = {
    val parsed = compiler.parse(expression)
    if (parsed.hasError) refuse(parsed.getErrors.asScala.toSeq, Map.empty)
    val tree = CelMutableAst.fromCelAst(parsed.getAst)
    val nodes = CelNavigableMutableAst.fromAst(tree).getRoot.allNodes().iterator.asScala.map(_.expr).toSeq
    if (nodes.size > Language.MaxNodes) fail(null, s"has ${nodes.size} parts, more than ${Language.MaxNodes}")
    // What CEL says of lists.x is that `lists` is not declared.
    val listed = nodes.filter(n => n.getKind == Kind.SELECT && n.select.operand.getKind == Kind.IDENT && n.select.operand.ident.name == "lists")
      .map(n => place(parsed.getSource, n.select.operand.id) -> s"lists.${n.select.field}").toMap
    nodes.foreach { node =>
      if (node.getKind == Kind.CONSTANT) node.constant.getKind match {
        case CelConstant.Kind.INT64_VALUE => node.setConstant(CelConstant.ofValue(node.constant.int64Value.toDouble))
        case CelConstant.Kind.UINT64_VALUE => node.setConstant(CelConstant.ofValue(node.constant.uint64Value.doubleValue))
        case _ =>
      }
    }
    // A mutable tree forgets where its parts stand.
    val checked = compiler.check(CelAbstractSyntaxTree.newParsedAst(tree.toParsedAst.getExpr, parsed.getAst.getSource))
    if (checked.hasError) refuse(checked.getErrors.asScala.toSeq, listed)
    new Closures(checked.getAst.getSource, id => Option(checked.getAst.getReferenceMap.get(id))).bool(checked.getAst.getExpr)
  }

  def indexOf(name: String): Option[Facets => String] =
    numbers.get(name).map(i => (f: Facets) => Conditions.shown(f.row(i)))
      .orElse(strings.get(name).map(i => (f: Facets) => if (f.texts(i).isEmpty) "unknown" else f.texts(i)))

  def unknown(name: String, among: Seq[String] = names): String = {
    val near = Conditions.nearest(name, among)
    s"""nothing is called "$name"${near.fold("")(n => s"; did you mean $n?")}"""
  }

  private def refuse(issues: Seq[CelIssue], listed: Map[CelSourceLocation, String]): Nothing = {
    // What follows from an error that is told.
    val causes = issues.filterNot(_.getMessage.contains("*error*"))
    throw new ConditionException(causes.map(issue => issue.getSourceLocation -> say(issue, listed)).distinct)
  }

  private def fail(at: CelSourceLocation, reason: String): Nothing = throw new ConditionException(Seq(at -> reason))

  private def say(issue: CelIssue, listed: Map[CelSourceLocation, String]): String = issue.getMessage match {
    case Conditions.Undeclared(operator) if !operator.exists(_.isLetter) =>
      s"rules have no ${operator.replace("_", "").replace("@", "")}"
    case Conditions.Undeclared(name) =>
      unknown(listed.getOrElse(issue.getSourceLocation, name), names ++ lists.keys.map("lists." + _) ++ Language.overloads.map(_.function))
    case message =>
      val named = Conditions.Operator.replaceAllIn(message, m => java.util.regex.Matcher.quoteReplacement(m.group(1).replace("_", "").replace("@", "")))
      named.replace("'<EOF>'", "end").split(" expecting ", 2)(0)
  }

  private def place(source: CelSource, id: Long): CelSourceLocation =
    Option(source.getPositionsMap.get(id)).flatMap(offset => Option(source.getOffsetLocation(offset).orElse(null))).orNull

  /** From a checked tree to closures. */
  private final class Closures(source: CelSource, reference: Long => Option[dev.cel.common.ast.CelReference]) {
    private var steps = 1L

    def bool(expression: CelExpr): Bool = of(expression, Nil).asInstanceOf[Bool]

    /** @param locals variables of the comprehensions around, the innermost first, and whether each is a number. */
    private def of(e: CelExpr, locals: List[(String, Boolean)]): Any = e.getKind match {
      case Kind.CONSTANT => constant(e)
      case Kind.IDENT => local(e.ident.name, locals).getOrElse(variable(e))
      case Kind.SELECT => variable(e)
      case Kind.LIST => written(e, locals)
      case Kind.CALL => call(e, locals)
      case Kind.COMPREHENSION => loop(e, locals)
      case kind => fail(place(source, e.id), s"rules have no ${kind.name.toLowerCase}")
    }

    private def constant(e: CelExpr): Any = e.constant.getKind match {
      case CelConstant.Kind.DOUBLE_VALUE => val value = e.constant.doubleValue; ((_ => value): Number)
      case CelConstant.Kind.STRING_VALUE => val value = e.constant.stringValue; ((_ => value): Text)
      case CelConstant.Kind.BOOLEAN_VALUE => val value = e.constant.booleanValue; ((_ => value): Bool)
      case kind => fail(place(source, e.id), s"rules have no ${kind.name.toLowerCase.replace("_value", "")}")
    }

    private def variable(e: CelExpr): Any = {
      val name = reference(e.id).map(_.name).getOrElse("")
      numbers.get(name).map(i => (f => f.row(i)): Number)
        .orElse(strings.get(name).map(i => (f => f.texts(i)): Text))
        .orElse(lists.get(name.stripPrefix("lists.")))
        .getOrElse(fail(place(source, e.id), if (name.isEmpty) "rules have no maps" else unknown(name)))
    }

    private def local(name: String, locals: List[(String, Boolean)]): Option[Any] = locals.indexWhere(_._1 == name) match {
      case -1 => None
      case at =>
        val slot = locals.size - 1 - at
        Some(if (locals(at)._2) ((f => f.locals(slot).asInstanceOf[java.lang.Double].doubleValue): Number)
        else ((f => f.locals(slot).asInstanceOf[String]): Text))
    }

    private def written(e: CelExpr, locals: List[(String, Boolean)]): Items = {
      val parts = e.list.elements.asScala.map(of(_, locals)).toSeq
      val texts = parts.collect { case text: Text => (f: Facets) => text.of(f): AnyRef }
      val numbers = parts.collect { case number: Number => (f: Facets) => Double.box(number.of(f)): AnyRef }
      if (texts.length != parts.length && numbers.length != parts.length) fail(place(source, e.id), "a list holds texts, or numbers")
      new Items((texts ++ numbers).toArray, null)
    }

    private def call(e: CelExpr, locals: List[(String, Boolean)]): Any = {
      val id = reference(e.id).flatMap(_.overloadIds.asScala.headOption).getOrElse("")
      val arguments = Option(e.call.target.orElse(null)).toSeq ++ e.call.args.asScala
      val values = if (id == "string_matches") Seq(of(arguments(0), locals), pattern(arguments(1))) else arguments.map(of(_, locals))
      try Language.byId.getOrElse(id, fail(place(source, e.id), s"rules have no ${e.call.function}")).build(values)
      catch { case _: MatchError => fail(place(source, e.id), "is of no single type") }
    }

    private def pattern(e: CelExpr): Pattern = {
      if (e.getKind != Kind.CONSTANT) fail(place(source, e.id), "the pattern of matches() must be a text in quotes")
      val regex = e.constant.stringValue
      // RE2 copies what is repeated: {n} within {n} is a program without end.
      val repeats = Conditions.Repeat.findAllMatchIn(regex).map(m => Seq(m.group(1), m.group(2)).filter(n => n != null && n.nonEmpty).map(BigInt(_)).max max 1)
      if (regex.length > Language.MaxPattern) fail(place(source, e.id), s"the pattern is longer than ${Language.MaxPattern} characters")
      if (repeats.product > Language.MaxRepeats) fail(place(source, e.id), s"the pattern repeats more than ${Language.MaxRepeats} times")
      try Pattern.compile(regex)
      catch { case error: PatternSyntaxException => fail(place(source, e.id), s"the pattern is no regular expression of RE2: ${error.getDescription}") }
    }

    /** `list.exists(v, p)` and `list.all(v, p)`, which CEL's parser writes as a fold with || or &&. */
    private def loop(e: CelExpr, locals: List[(String, Boolean)]): Any = {
      if (locals.size == Language.MaxLoops) fail(place(source, e.id), s"exists() and all() are nested deeper than ${Language.MaxLoops}")
      val c = e.comprehension
      val items = of(c.iterRange, locals).asInstanceOf[Items]
      val around = steps
      steps *= math.max(1, items.parts.length)
      if (steps > Language.MaxSteps) fail(place(source, e.id), s"would take $steps steps, more than ${Language.MaxSteps}")
      val until = c.loopStep.call.function == "_||_"
      if (items.parts.isEmpty) return ((_ => !until): Bool)
      val ofNumbers = c.iterRange.getKind == Kind.LIST && c.iterRange.list.elements.asScala.headOption.exists(of(_, locals).isInstanceOf[Number])
      val test = of(c.loopStep.call.args.get(1), (c.iterVar, ofNumbers) :: locals).asInstanceOf[Bool]
      steps = around
      val slot = locals.size
      ((f => {
        var i = 0
        var found = false
        while (i < items.parts.length && !found) { f.locals(slot) = items.parts(i)(f); found = test.of(f) == until; i += 1 }
        found == until
      }): Bool)
    }
  }
}

private object Conditions {
  private val Undeclared = """undeclared reference to '(.+?)' .*""".r
  private val Operator = """'(_[^'a-z]+_|_\?_:_|[!-]_|@in)'""".r
  private val Repeat = """\{(\d+)(?:,(\d*))?\}""".r

  /** Whole numbers without a point, others with three digits that count, or one behind the point; "unknown" for NaN. */
  def shown(value: Double): String = {
    val size = math.abs(value)
    if (value.isNaN) "unknown"
    else if (value.isInfinite) (if (value > 0) "infinite" else "-infinite")
    else if (size < 1e15 && value == math.rint(value)) value.toLong.toString
    else if (size < 1e-3 || size >= 1e6) new java.math.BigDecimal(value).round(new java.math.MathContext(if (size < 1) 3 else 15)).toPlainString
    else {
      val scale = if (size >= 10) 10.0 else if (size >= 1) 100.0 else if (size >= 0.1) 1000.0 else if (size >= 0.01) 1e4 else 1e5
      val rounded = math.rint(value * scale) / scale
      if (rounded == math.rint(rounded)) rounded.toLong.toString else rounded.toString
    }
  }

  def nearest(name: String, among: Seq[String]): Option[String] = {
    val ranked = among.distinct.map(other => distance(name.toLowerCase, other.toLowerCase) -> other)
    ranked.minByOption(_._1).filter(_._1 <= 1 + name.length / 4).map(_._2)
  }

  /** Levenshtein's. */
  private def distance(a: String, b: String): Int = {
    var before = (0 to b.length).toArray
    for (i <- 1 to a.length) {
      val row = new Array[Int](b.length + 1)
      row(0) = i
      for (k <- 1 to b.length) row(k) = math.min(math.min(row(k - 1), before(k)) + 1, before(k - 1) + (if (a(i - 1) == b(k - 1)) 0 else 1))
      before = row
    }
    before(b.length)
  }
}

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
