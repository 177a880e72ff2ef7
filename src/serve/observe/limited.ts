// What was counted, for a token that reaches some models only.
import type { DeploymentState, WatchState } from "./watch.ts";

/** @param reach names of models; null: all */
export function limitedState(state: WatchState, reach: ReadonlySet<string> | null): WatchState {
  if (reach === null) return state;
  const { traffic, loads, gauges, statistics } = state;
  return {
    ...state,
    traffic: {
      series: traffic.series.filter(({ model }) => reach.has(model)),
      recentErrors: traffic.recentErrors.filter(({ model }) => model !== null && reach.has(model)),
      others: traffic.others,
    },
    loads: loads.filter(({ model }) => reach.has(model)),
    gauges: gauges.map((gauge) => ({
      ...gauge,
      rows: gauge.rows.filter(({ labels }) => labels["model"] === undefined || reach.has(labels["model"])),
    })),
    statistics: statistics.filter(({ name }) => reach.has(name)),
  };
}

/** A deployment is about all models at once: whoever may not know of all is told nothing of it. */
export function limitedDeployment(
  state: DeploymentState | null,
  reach: ReadonlySet<string> | null,
): DeploymentState | null {
  return reach === null ? state : null;
}
