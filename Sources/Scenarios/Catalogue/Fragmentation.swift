extension Catalogue {
  @ListBuilder<Scenario> static var fragmentation: [Scenario] { [Scenario]() }
}
