extension Catalogue {
  @ListBuilder<Scenario> static var closing: [Scenario] { [Scenario]() }
}
