// How many requests npm's `@cloud-copilot/iam-simulate` decides in a second, for `benches/policy.rs`.
//
//   node benches/policy.mjs NODE_MODULES < sets.json
//
// `sets.json` is a list of `{name, identity, boundary, resource, levels, request}`: policies as JSON values, the levels
// of SCPs as `{target, policies}`, and a request that is allowed for `s3:GetObject` and implicitly denied for
// `s3:PutObject`. Policies and the request are loaded before the time is taken. Prints one line a set, its name and the
// evaluations in a second, with a tab between.
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const modules = resolve(process.argv[2])
const load = (path) => import(pathToFileURL(join(modules, '@cloud-copilot', path)).href)
const { authorize } = await load('iam-simulate/dist/esm/core_engine/CoreSimulatorEngine.js')
const { AwsRequestImpl } = await load('iam-simulate/dist/esm/request/request.js')
const { RequestContextImpl } = await load('iam-simulate/dist/esm/requestContext.js')
const { DiscoveryContextKeyConstraints } = await load(
  'iam-simulate/dist/esm/context_keys/discoveryContextKeyConstraints.js'
)
const { loadPolicy } = await load('iam-policy/dist/esm/index.js')

const SECONDS = 1.5
const policies = (list) => list.map((policy, at) => loadPolicy(policy, { name: `policy ${at}` }))

for (const set of JSON.parse(readFileSync(0, 'utf8'))) {
  const { principal, resource, account, context } = set.request
  const authorization = (action) => ({
    request: new AwsRequestImpl(principal, { resource, accountId: account }, action, new RequestContextImpl(context)),
    sessionPolicy: undefined,
    identityPolicies: policies(set.identity),
    serviceControlPolicies: set.levels.map((level) => ({
      orgIdentifier: level.target,
      policies: policies(level.policies),
    })),
    resourceControlPolicies: [],
    resourcePolicy: set.resource ? loadPolicy(set.resource, { name: 'resource' }) : undefined,
    permissionBoundaries: set.boundary ? policies([set.boundary]) : undefined,
    vpcEndpointPolicies: undefined,
    simulationParameters: {
      simulationMode: 'Strict',
      discoveryContextKeyConstraints: new DiscoveryContextKeyConstraints([]),
    },
    serviceSettings: {},
  })
  const allowed = authorization('s3:GetObject')
  for (const [request, expected] of [
    [allowed, 'Allowed'],
    [authorization('s3:PutObject'), 'ImplicitlyDenied'],
  ]) {
    const { result } = authorize(request)
    if (result !== expected) throw new Error(`${set.name}: expected ${expected}, found ${result}`)
  }
  const measure = () => {
    let rounds = 0
    const started = process.hrtime.bigint()
    let seconds = 0
    while (seconds < SECONDS) {
      for (let at = 0; at < 50; at++) authorize(allowed)
      rounds += 50
      seconds = Number(process.hrtime.bigint() - started) / 1e9
    }
    return rounds / seconds
  }
  // The first measurement warms the compiler up.
  const best = Math.max(measure(), measure(), measure())
  console.log(`${set.name}\t${best.toFixed(0)}`)
}
