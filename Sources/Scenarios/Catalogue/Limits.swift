extension Catalogue {
  @ListBuilder<Scenario> static var limits: [Scenario] { [Scenario]() }
}
