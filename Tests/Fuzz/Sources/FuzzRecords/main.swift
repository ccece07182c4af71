import FuzzSupport

// What traces are made of: the agent's records, and heads as the judge reads them.
fuzz([
  "agent-records": AgentRecordsTarget.self,
  "decoded-head": DecodedHeadTarget.self,
])
