// What callers send per feature: numbers, or categories by name where the file tells them.
import type { LightgbmCategory, LightgbmModel } from "./model.ts";

export interface LightgbmColumn {
  readonly name: string;
  /** Split by sets of categories somewhere, or declared so in training: the value is a category code, cut to a whole number. */
  readonly isCategorical: boolean;
  /** The categories behind the codes 0, 1, 2 …, where the file names them. Anything else counts as missing. */
  readonly categories?: readonly LightgbmCategory[];
}

export interface Columns {
  readonly columns: readonly LightgbmColumn[];
  /** Whether the names are LightGBM's own `Column_<i>`. */
  readonly unnamed: boolean;
  /** False when the file holds lists of categories but does not say whose they are. */
  readonly categoriesPlaced: boolean;
}

/**
 * The features of a model. `pandas_categorical` lists the categories of every pandas column of type category in column order,
 * but not which columns these are: unordered ones are the categorical features, ordered ones are compared by rank.
 */
export function lightgbmColumns(model: LightgbmModel): Columns {
  const { featureNames, pandasCategorical } = model;
  const categorical = categoricalFeatures(model);
  const lists = pandasCategorical ?? [];
  const places = lists.length === 0 ? [] : place(lists, model, categorical);
  const categories = new Map(places?.map((feature, index) => [feature, lists[index]!]));
  return {
    columns: featureNames.map((name, index) => ({
      name,
      isCategorical: categorical.has(index),
      ...(categories.has(index) ? { categories: categories.get(index)! } : {}),
    })),
    unnamed: featureNames.every((name, index) => name === `Column_${index}`),
    categoriesPlaced: places !== null,
  };
}

/** Features declared categorical in training, or found so. */
function categoricalFeatures({ parameters, domains }: LightgbmModel): Set<number> {
  const declared = parameters.get("categorical_feature") ?? "";
  const features = new Set<number>();
  if (/^\d+(,\d+)*$/.test(declared))
    for (const index of declared.split(",").map(Number)) if (index < domains.length) features.add(index);
  domains.forEach((domain, index) => {
    if (domain.kind === "categorical") features.add(index);
  });
  return features;
}

/** Beyond, which list belongs where is asked for instead of searched. */
const searchLimit = 1_000_000;

/** The feature of each list, or null when there is not exactly one way. */
function place(
  lists: readonly (readonly LightgbmCategory[])[],
  { domains }: LightgbmModel,
  categorical: ReadonlySet<number>,
): number[] | null {
  if (lists.length === categorical.size) return [...categorical].sort((a, b) => a - b);
  if (lists.length > domains.length || lists.length * domains.length > searchLimit) return null;
  // Ordered categoricals are among the others: find every order-keeping assignment that the values met in training allow, and
  // that leaves out no categorical feature.
  const fits = (list: readonly LightgbmCategory[], feature: number): boolean => {
    const domain = domains[feature]!;
    if (domain.kind === "none") return true;
    if (domain.kind === "categorical") return domain.values.every((value) => value < list.length);
    return Number.isInteger(domain.min) && domain.min >= 0 && Number.isInteger(domain.max) && domain.max < list.length;
  };
  // ways[f] = assignments of the first lists to features before f, at most two kept.
  let ways: number[][][] = Array.from({ length: lists.length + 1 }, (_, used) => (used === 0 ? [[]] : []));
  for (let feature = 0; feature < domains.length; feature++) {
    const next: number[][][] = ways.map((kept) => (categorical.has(feature) ? [] : kept));
    for (let used = 0; used < lists.length; used++)
      if (ways[used]!.length > 0 && fits(lists[used]!, feature))
        next[used + 1] = [...next[used + 1]!, ...ways[used]!.map((way) => [...way, feature])].slice(0, 2);
    ways = next;
  }
  const found = ways[lists.length]!;
  return found.length === 1 ? found[0]! : null;
}
