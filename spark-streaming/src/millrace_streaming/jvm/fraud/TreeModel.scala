package io.millrace.streaming.fraud

import java.io.IOException
import java.nio.file.{Files, Path}

import scala.jdk.CollectionConverters._

import com.fasterxml.jackson.databind.{JsonNode, ObjectMapper}

/** A model that cannot be used; the message says why. */
final class ModelException(message: String, cause: Throwable = null) extends RuntimeException(message, cause)

/**
 * Boosted trees with exact contributions: the path-dependent SHAP values of LightGBM, in log-odds.
 *
 * Such a value depends on the row only through the outcomes of the tree's comparisons, and a tree has at most seven. So the values of every
 * combination of outcomes are tabulated when the model is loaded; a tree costs its comparisons and the addition of one row of the table.
 * Immutable, so threads may share one.
 */
final class TreeModel private (
    val version: String,
    val reviewAt: Double,
    val declineAt: Double,
    /** Log-odds before any feature is known. */
    val base: Double,
    /** Features that the trees look at, as indices into the row, ascending. */
    val used: Array[Int],
    trees: Array[PackedTree]) {

  /**
   * The calibrated probability of fraud. Writes the log-odds that each used feature adds into `contributions`, as long as `row`, and leaves
   * its other elements alone; `base` and they sum to the log-odds. Allocates nothing.
   */
  def score(row: Array[Double], contributions: Array[Double]): Double = {
    var i = 0
    while (i < used.length) { contributions(used(i)) = 0; i += 1 }
    i = 0
    while (i < trees.length) { trees(i).add(row, contributions); i += 1 }
    var logOdds = base
    i = 0
    while (i < used.length) { logOdds += contributions(used(i)); i += 1 }
    if (logOdds >= 0) 1 / (1 + math.exp(-logOdds)) else { val odds = math.exp(logOdds); odds / (1 + odds) }
  }
}

object TreeModel {
  private final val MostLeaves = 8

  /** Reads `model.json` of a version's folder. `features`: names of the row's elements. Throws ModelException. */
  def load(folder: Path, features: Array[String]): TreeModel = {
    val file = folder.resolve("model.json")
    val json =
      try new ObjectMapper().readTree(Files.readAllBytes(file))
      catch { case e: IOException => throw new ModelException(s"$file cannot be read: $e", e) }
    try read(json, features)
    catch {
      case e: ModelException => throw new ModelException(s"$file: ${e.getMessage}", e)
      case e: RuntimeException => throw new ModelException(s"$file is no model: $e", e)
    }
  }

  private def read(json: JsonNode, features: Array[String]): TreeModel = {
    val at = features.zipWithIndex.toMap
    val names = need(json, "features").asScala.map(_.asText).toArray
    val unknown = names.filterNot(at.contains)
    if (unknown.nonEmpty) throw new ModelException(s"uses features that are not computed: ${unknown.mkString(", ")}")
    val rows = names.map(at)
    val scale = number(json, "scale")
    val shapes = need(json, "trees").asScala.map(new Tree(_, rows)).toArray
    shapes.find(_.leaves > MostLeaves).foreach(t => throw new ModelException(s"a tree has ${t.leaves} leaves, at most $MostLeaves can be scored"))
    val base = number(json, "base")
    val counted = scale * shapes.map(_.expected).sum + number(json, "offset")
    if (!(math.abs(base - counted) <= 1e-6)) throw new ModelException(s"base is $base, by its trees $counted")
    val packed = shapes.filter(_.nodes > 0).map(_.pack(scale))
    val used = packed.flatMap(_.columns).distinct.sorted
    new TreeModel(need(json, "version").asText, number(json, "reviewAt"), number(json, "declineAt"), base, used, packed)
  }

  private[fraud] def need(json: JsonNode, name: String): JsonNode =
    Option(json.get(name)).getOrElse(throw new ModelException(s"does not say $name"))

  private def number(json: JsonNode, name: String): Double = {
    val value = need(json, name)
    if (!value.isNumber) throw new ModelException(s"$name is no number")
    value.asDouble
  }
}

/** A tree for scoring. Of every outcome (bit i: comparison i goes left) `table` holds what each of `columns` adds. */
private final class PackedTree(
    feature: Array[Int], threshold: Array[Double], nanLeft: Array[Boolean], zeroLeft: Array[Boolean], val columns: Array[Int], table: Array[Double]) {

  def add(row: Array[Double], contributions: Array[Double]): Unit = {
    var outcome = 0
    var i = 0
    while (i < feature.length) {
      if (left(row(feature(i)), i)) outcome |= 1 << i
      i += 1
    }
    var from = outcome * columns.length
    i = 0
    while (i < columns.length) { contributions(columns(i)) += table(from); from += 1; i += 1 }
  }

  private def left(value: Double, node: Int): Boolean =
    if (value != value) nanLeft(node)
    else if (math.abs(value) <= PackedTree.Zero) zeroLeft(node)
    else value <= threshold(node)
}

private object PackedTree {
  /** What LightGBM takes for zero: 1e-35 as a float. */
  final val Zero = 1.0000000180025095e-35
}

/** A tree as it is written: children below 0 are leaves, -1 the first. `rows`: index into the row of each of the model's features. */
private final class Tree(json: JsonNode, rows: Array[Int]) {
  private val feature = ints("feature").map(rows)
  /** LightGBM writes 1e300 for endless: a threshold between the known and the missing. */
  private val threshold = doubles("threshold").map(t => if (math.abs(t) >= 1e300) math.signum(t) * Double.PositiveInfinity else t)
  private val missing = TreeModel.need(json, "missing").asScala.map(_.asText).toArray
  private val defaultLeft = TreeModel.need(json, "defaultLeft").asScala.map(_.asBoolean).toArray
  private val (leftChild, rightChild) = (ints("left"), ints("right"))
  private val leafValue = doubles("leafValue")
  private val leafCount = doubles("leafCount")
  private val columns = feature.distinct.sorted
  /** Bit of a node's feature in a set of features. */
  private val bit = feature.map(f => 1 << columns.indexOf(f))

  val leaves: Int = leafValue.length
  val nodes: Int = feature.length
  check()
  private val count = new Array[Double](nodes)
  if (nodes > 0) countOf(0)

  /** Mean value over the training orders. */
  def expected: Double = if (nodes == 0) leafValue(0) else value(0, 0, 0)

  /** Shapley values of every outcome, times the scale, by their definition: at most 2^7 outcomes and 2^7 sets of features. */
  def pack(scale: Double): PackedTree = {
    val sets = 1 << columns.length
    val weight = Array.tabulate(columns.length)(s => factorial(s) * factorial(columns.length - s - 1) / factorial(columns.length))
    val table = new Array[Double](columns.length << nodes)
    val worth = new Array[Double](sets)
    for (outcome <- 0 until 1 << nodes) {
      for (set <- 0 until sets) worth(set) = value(0, outcome, set)
      for (i <- columns.indices) {
        var sum = 0.0
        for (set <- 0 until sets if (set >> i & 1) == 0) sum += weight(Integer.bitCount(set)) * (worth(set | 1 << i) - worth(set))
        table(outcome * columns.length + i) = scale * sum
      }
    }
    new PackedTree(feature, threshold, Array.tabulate(nodes)(nanLeft), Array.tabulate(nodes)(zeroLeft), columns, table)
  }

  /** Mean value below a node where only the features of the set are known: at the others, both children by their training orders. */
  private def value(node: Int, outcome: Int, set: Int): Double =
    if (node < 0) leafValue(~node)
    else if ((bit(node) & set) != 0) value(if ((outcome >> node & 1) == 1) leftChild(node) else rightChild(node), outcome, set)
    else {
      val (l, r) = (leftChild(node), rightChild(node))
      (ordersAt(l) * value(l, outcome, set) + ordersAt(r) * value(r, outcome, set)) / count(node)
    }

  private def ordersAt(node: Int): Double = if (node < 0) leafCount(~node) else count(node)

  private def countOf(node: Int): Double =
    if (node < 0) leafCount(~node) else { count(node) = countOf(leftChild(node)) + countOf(rightChild(node)); count(node) }

  /** As LightGBM decides: what counts as missing goes the default way, and NaN is 0 where training met none. */
  private def nanLeft(node: Int): Boolean = missing(node) match {
    case "nan" | "zero" => defaultLeft(node)
    case "none" => 0.0 <= threshold(node)
    case other => throw new ModelException(s"knows no missing values of kind $other")
  }

  private def zeroLeft(node: Int): Boolean = if (missing(node) == "zero") defaultLeft(node) else 0.0 <= threshold(node)

  private def factorial(n: Int): Double = (1 to n).foldLeft(1.0)(_ * _)

  private def check(): Unit = {
    val lengths = Seq(threshold.length, missing.length, defaultLeft.length, leftChild.length, rightChild.length, leaves - 1)
    // A child comes after its parent, so that no walk goes round; each but the root is the child of one.
    val children = leftChild ++ rightChild
    val inOrder = (0 until nodes).forall(i => Seq(leftChild(i), rightChild(i)).forall(c => c < 0 || c > i))
    val wanted = (-leaves until 0) ++ (1 until nodes)
    if (lengths.exists(_ != nodes) || leafCount.length != leaves || !inOrder || (nodes > 0 && children.sorted.toSeq != wanted) || !leafCount.forall(_ > 0))
      throw new ModelException("a tree is not well formed")
  }

  private def ints(name: String): Array[Int] = TreeModel.need(json, name).asScala.map(_.asInt).toArray
  private def doubles(name: String): Array[Double] = TreeModel.need(json, name).asScala.map(_.asDouble).toArray
}
