extension Catalogue {
  @ListBuilder<Scenario> static var masking: [Scenario] { [Scenario]() }
}
