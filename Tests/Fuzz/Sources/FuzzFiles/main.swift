import FuzzSupport

// What users write.
fuzz([
  "scenario-json": ScenarioTarget.self,
  "toml": TOMLTarget.self,
])
