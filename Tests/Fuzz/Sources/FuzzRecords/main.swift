import FuzzSupport

// The agent's records.
fuzz([
  "agent-records": AgentRecordsTarget.self
])
