// serve: opened packages behind HTTP. Many dialects over one tensor core; every dialect is one file in dialects/, and
// dialects/index.ts is the table of them.

export { Tokens } from "./access/tokens.ts";
export type { Around, Chooser, Question } from "./around.ts";
export { type Asker, type Call, callWithoutClient, type Phases } from "./call.ts";
export { type AdminOptions, adminRoutes } from "./deployment/admin.ts";
export type { Carrier, FoundPackage } from "./deployment/carrier.ts";
export { type DeployedOptions, type DeployedServer, startDeployed } from "./deployment/deployed_server.ts";
export {
  type DeploymentPlan,
  deploymentJsonSchema,
  type ModelPlan,
  parseDeployment,
  type VariantPlan,
} from "./deployment/deployment_file.ts";
export { LiveDeployment, type LiveDeploymentOptions } from "./deployment/live_deployment.ts";
export { planOfFlags } from "./deployment/plan_of_flags.ts";
export { storePackages } from "./deployment/store_packages.ts";
export { dialects } from "./dialects/index.ts";
export { exampleOf } from "./example_record.ts";
export { abChart, abSvg, signed } from "./experiment/ab_picture.ts";
export { type AbOptions, type AbReport, abReport, type Effect } from "./experiment/ab_report.ts";
export { type Experiment, readExperiment } from "./experiment/read_log.ts";
export type { FinishedRequest, Observer } from "./finished_request.ts";
export { giveBackWhenIdle } from "./give_back.ts";
export type { ModelRepository, RepositoryEntry } from "./repository.ts";
export { type LoadedModel, ServedModel } from "./served_model.ts";
export { type LoadOptions, servedPackage } from "./served_package.ts";
export { type RunningServer, type ServerOptions, startServer } from "./server.ts";
export { Serving } from "./serving.ts";
export { type DeployedWorkers, startWorkers, type WorkersOptions } from "./workers/deployed_workers.ts";
