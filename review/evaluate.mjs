// Decides questions by policies, as AWS documents it. A development tool: it runs in a process of its
// own, is deployed nowhere, and asks a library under the AGPL-3.0 that this repository does not hold
// (docs/decisions/0017).
//
// From stdin: {policies, questions, mutants}. To stdout: {decisions, caught}.
//   policies   name -> document
//   questions  [{principal, action, resource, account, context, identity, own, endpoint, expected}]
//              `identity` and `endpoint` are lists of names, `own` is the name of the resource's policy,
//              `granted` are statements beside it
//   mutants    [{policy, document, touches}]: one policy, changed in a statement on these actions; caught when a question that rests on it is
//              not decided as expected any more
//   decisions  one for each question: Allowed, ImplicitlyDenied, ExplicitlyDenied, or error: why
//   caught     one for each mutant: the number of a question, or null

import { readFileSync } from 'node:fs'
import { runSimulation, runUnsafeSimulation } from '@cloud-copilot/iam-simulate'

const { policies, questions, mutants } = JSON.parse(readFileSync(0, 'utf8'))

// The library holds actions against AWS's list of resource types, where model-customization-job is
// missing; AWS asks for it nevertheless: https://github.com/aws-samples/amazon-bedrock-workshop/issues/233
const UNLISTED = new Set(['bedrock:CreateModelCustomizationJob', 'bedrock:TagResource'])

const STRENGTH = ['Allowed', 'ImplicitlyDenied', 'ExplicitlyDenied']
const MEANT = {
  allowed: (decision) => decision === 'Allowed',
  denied: (decision) => decision.endsWith('Denied'),
  never: (decision) => decision === 'ExplicitlyDenied'
}

// Whether a document is a policy at all is looked at once, when the questions are decided as they are.
let checked = false
const known = (document, name) =>
  checked ? { __validated: true, policyDocument: document, metadata: { name }, errors: [] } : document

function simulation(question, documents) {
  const named = (names) => names.map((name) => ({ name, policy: known(documents(name), name) }))
  return {
    request: {
      principal: question.principal ?? { type: 'Anonymous' },
      action: question.action,
      resource: { resource: question.resource, accountId: question.account },
      contextVariables: question.context
    },
    identityPolicies: named(question.identity),
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    ...((question.own || question.granted) && { resourcePolicy: own(question, documents) }),
    ...(question.endpoint.length > 0 && { vpcEndpointPolicies: named(question.endpoint) })
  }
}

// What someone granted beside the policies: by a grant of KMS, or by opening a resource of theirs.
function own({ own, granted = [] }, documents) {
  const document = own ? documents(own) : { Version: '2012-10-17', Statement: [] }
  return known({ ...document, Statement: [...document.Statement, ...granted] }, own)
}

async function decide(question, documents) {
  const whole = simulation(question, documents)
  const answer = await runSimulation(whole, {})
  if (answer.resultType === 'error') {
    const missing = UNLISTED.has(question.action) && answer.errors.message === 'no.resource.types'
    return missing ? unlisted(whole) : `error: ${JSON.stringify(answer.errors)}`
  }
  const ignored = answer.result?.ignoredContextKeys ?? []
  // Keys of an encryption context are the caller's own words, of which no list can exist. That of an
  // access point is listed beside its own resources, and AWS's page has it in policies of buckets:
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html
  const unlistedKey = (key) => key.startsWith('kms:EncryptionContext:') || key === 's3:DataAccessPointArn'
  if (ignored.some(unlistedKey)) return unlisted(whole)
  return ignored.length > 0 ? `error: no such keys here: ${ignored}` : answer.overallResult
}

// Without those lists; endpoint policies take part as a second question. This way of the library wants
// a resource policy to bear a name, which only one that counts as validated can.
function unlisted(whole) {
  const { vpcEndpointPolicies = [], resourcePolicy, ...rest } = whole
  if (resourcePolicy && !checked) {
    const named = { policyDocument: resourcePolicy, metadata: { name: 'own' }, errors: [] }
    rest.resourcePolicy = { __validated: true, ...named }
  } else if (resourcePolicy) rest.resourcePolicy = resourcePolicy
  const asked = [runUnsafeSimulation(rest, {})]
  if (vpcEndpointPolicies.length > 0) {
    // Asked as if all were in the caller's own account, so that nothing but the endpoint decides.
    const { resourcePolicy: _, request, ...question } = rest
    const accountId = request.principal.split(':')[4]
    question.request = { ...request, resource: { ...request.resource, accountId } }
    asked.push(runUnsafeSimulation({ ...question, identityPolicies: vpcEndpointPolicies }, {}))
  }
  return STRENGTH[Math.max(...asked.map((decision) => STRENGTH.indexOf(decision)))]
}

const decisions = []
const resting = new Map(Object.keys(policies).map((name) => [name, []]))
for (const [number, question] of questions.entries()) {
  decisions.push(await decide(question, (name) => policies[name]))
  for (const name of [...question.identity, ...question.endpoint, question.own]) {
    resting.get(name)?.push(number)
  }
}

// From here on the shorter way, which does not look again whether a question makes sense.
checked = true
for (const [number, question] of questions.entries()) {
  const decision = unlisted(simulation(question, (name) => policies[name]))
  if (!decisions[number].startsWith('error') && decision !== decisions[number]) {
    throw new Error(`two ways, two answers: ${JSON.stringify(question)}`)
  }
}

const caught = []
const pattern = (text) =>
  new RegExp(`^${text.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`, 'i')
for (const { policy, document, touches } of mutants) {
  const touched = touches.map(pattern)
  const documents = (name) => (name === policy ? document : policies[name])
  let found = null
  for (const number of resting.get(policy)) {
    if (!touched.some((action) => action.test(questions[number].action))) continue
    if (!MEANT[questions[number].expected](decisions[number])) continue
    const decision = unlisted(simulation(questions[number], documents))
    if (!MEANT[questions[number].expected](decision)) {
      found = number
      // What caught this one is asked first of the next, which is most often like it.
      resting.set(policy, [number, ...resting.get(policy).filter((other) => other !== number)])
      break
    }
  }
  caught.push(found)
}

process.stdout.write(JSON.stringify({ decisions, caught }))
