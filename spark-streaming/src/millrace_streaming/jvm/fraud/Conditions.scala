package io.millrace.streaming.fraud

import java.util.Arrays

import scala.jdk.CollectionConverters._

import com.google.re2j.{Pattern, PatternSyntaxException}
import dev.cel.common.{CelAbstractSyntaxTree, CelFunctionDecl, CelIssue, CelMutableAst, CelOptions, CelOverloadDecl, CelSource, CelSourceLocation}
import dev.cel.common.ast.{CelConstant, CelExpr}
import dev.cel.common.ast.CelExpr.ExprKind.Kind
import dev.cel.common.navigation.CelNavigableMutableAst
import dev.cel.common.types.{CelType, ListType, SimpleType}
import dev.cel.compiler.{CelCompiler, CelCompilerFactory}
import dev.cel.parser.CelStandardMacro

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
