// What `ingot serve` needs of the layer, and nothing else of it: an `import()` of the whole would load the parser of deployment files too.
export { giveBackWhenIdle, planOfFlags, startDeployed, storePackages, Tokens } from "../serve/index.ts";
